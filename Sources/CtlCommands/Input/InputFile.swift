import Foundation

/// Reads what a flag names: a file, or standard input as `-`.
enum InputFile {
    /// - Throws: ``UsageError`` with the system's reason if it can't be read.
    static func read(_ path: String) throws -> [UInt8] {
        do {
            if path == "-" { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw UsageError("cannot read \(title(path)): \(reason(error))")
        }
    }

    /// How sentences name it.
    static func title(_ path: String) -> String { path == "-" ? "standard input" : path }

    private static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        switch cocoa.code {
        case CocoaError.fileReadNoSuchFile.rawValue, CocoaError.fileNoSuchFile.rawValue: return "there is no such file"
        case CocoaError.fileReadNoPermission.rawValue: return "permission denied"
        default: break
        }
        if let code = (cocoa.userInfo[NSUnderlyingErrorKey] as? NSError)?.code {
            return String(cString: strerror(Int32(code)))
        }
        return cocoa.localizedDescription
    }
}
