import Foundation
import Settings

/// Standard output, in large pieces.
struct StandardOutput: ~Copyable {
    private static let pieceBytes = 64 * 1024
    private var buffer: [UInt8] = []
    private let descriptor: Int32

    init(descriptor: Int32 = 1) { self.descriptor = descriptor }

    /// Takes a line without its end.
    /// - Throws: ``OutputFailure`` when the reader has gone or the disk is full.
    mutating func line(_ text: String) throws {
        buffer += Array(text.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.pieceBytes { try flush() }
    }

    /// Prints one sentence, one JSON object or one word, for verbs that ask no coordinator.
    static func print(_ sentence: String, json: JSONObject, quiet: String?, _ format: OutputFormat) throws {
        var output = StandardOutput()
        switch format {
        case .table: try output.line(SafeText.oneLine(sentence))
        case .json: try output.line(json.line)
        case .quiet: if let quiet { try output.line(SafeText.oneLine(quiet)) }
        }
        try output.flush()
    }

    /// Writes bytes as they are.
    static func raw(_ bytes: [UInt8]) throws {
        var output = StandardOutput()
        output.buffer = bytes
        try output.flush()
    }

    /// Writes what is still held: once at the end of a verb, and of a page.
    mutating func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw OutputFailure(code: errno) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Standard output took no more.
struct OutputFailure: Error, CustomStringConvertible {
    let code: Int32

    /// Whether whoever read it (`head`, a pager) simply had enough.
    var readerLeft: Bool { code == EPIPE }

    var description: String { "cannot write to standard output: \(String(cString: strerror(code)))" }
}

/// Lines for people beside the output: standard error.
enum Note {
    static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        // Nothing is left to tell anyone if even this fails.
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
