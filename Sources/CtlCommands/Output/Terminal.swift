import Foundation

/// What is known of the terminals that the standard streams lead to.
enum Terminal {
    /// A table on no terminal, in a file or a pipe, is cut here.
    static let widthElsewhere = 160

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns of what `descriptor` leads to; COLUMNS says it for both.
    static func width(_ descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) -> Int {
        if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
        var size = winsize()
        guard isTerminal(descriptor), ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return widthElsewhere
        }
        return Int(size.ws_col)
    }
}
