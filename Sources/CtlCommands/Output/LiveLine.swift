import Foundation

/// One line on standard error that is drawn over itself; nothing when that is no terminal.
struct LiveLine {
    let isShown: Bool
    private var isDrawn = false

    init(quiet: Bool) { isShown = !quiet && Terminal.isTerminal(2) }

    mutating func draw(_ text: String) {
        guard isShown else { return }
        // One column stays free: a full line would wrap on some terminals.
        let cut = DisplayWidth.cut(SafeText.oneLine(text), to: Terminal.width(2) - 1)
        Self.write("\r\(cut)\u{1B}[K")
        isDrawn = true
    }

    /// Takes the line away, so that what follows starts on an empty one.
    mutating func clear() {
        if isDrawn { Self.write("\r\u{1B}[K") }
        isDrawn = false
    }

    private static func write(_ text: String) {
        // A terminal that takes no more is no reason to end a wait.
        _ = Array(text.utf8).withUnsafeBytes { Foundation.write(2, $0.baseAddress, $0.count) }
    }
}
