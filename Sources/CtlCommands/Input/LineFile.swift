import Foundation

/// A file of lines, or standard input: read piece by piece, never whole.
struct LineFile: Sendable {
    private enum Origin: Sendable {
        case path(String)
        case bytes([UInt8])
    }

    /// How sentences name the file.
    let title: String
    private let origin: Origin

    /// What is in memory already.
    init(title: String, bytes: [UInt8]) {
        self.title = title
        origin = .bytes(bytes)
    }

    /// A file; `-` is standard input.
    init(path: String, title: String? = nil) {
        self.title = title ?? InputFile.title(path)
        origin = .path(path)
    }

    /// Whether it can be read again from its start: a file on disk, and no pipe.
    /// - Throws: ``UsageError`` if there is no such file.
    func isRepeatable() throws -> Bool {
        switch origin {
        case .bytes: return true
        case .path("-"): return false
        case .path(let path):
            var status = stat()
            guard stat(path, &status) == 0 else { throw InputFile.unreadable(title, errno) }
            guard status.st_mode & S_IFMT != S_IFDIR else { throw InputFile.unreadable(title, EISDIR) }
            return status.st_mode & S_IFMT == S_IFREG
        }
    }

    /// From the first line on.
    /// - Throws: ``UsageError`` if it can't be opened.
    func reader() throws -> LineReader {
        switch origin {
        case .bytes(let bytes): return LineReader(title: title, bytes: bytes)
        case .path("-"): return LineReader(title: title, descriptor: 0, closes: false)
        case .path(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw InputFile.unreadable(title, errno) }
            return LineReader(title: title, descriptor: descriptor, closes: true)
        }
    }

    func place(_ number: Int) -> String { "\(title), line \(number)" }
}

/// Gives the lines of a file that are not blank. It splits at LF; a CR before it and a byte order mark at the start are no part
/// of a line.
final class LineReader {
    struct Line: Equatable {
        /// From 1, blank lines counted.
        let number: Int
        let text: String
    }

    /// A prompt at its limit, each of its bytes escaped as JSON allows, and what stands beside it.
    static let lineBytesAtMost = 64 * 1024 * 1024
    private static let pieceBytes = 1024 * 1024

    private let title: String
    /// Nil when all is in `buffer`.
    private let descriptor: Int32?
    private let closes: Bool
    private var buffer: [UInt8]
    /// Where the system writes to.
    private var piece: [UInt8] = []
    private var start = 0
    private var isAtEnd: Bool
    private var number = 0
    /// Bytes so far.
    private(set) var bytesRead = 0

    init(title: String, bytes: [UInt8]) {
        self.title = title
        descriptor = nil
        closes = false
        buffer = bytes
        isAtEnd = true
        bytesRead = bytes.count
        skipMark()
    }

    init(title: String, descriptor: Int32, closes: Bool) {
        self.title = title
        self.descriptor = descriptor
        self.closes = closes
        buffer = []
        isAtEnd = false
    }

    deinit { if closes, let descriptor { close(descriptor) } }

    /// The next line that is not blank; nil after the last.
    /// - Throws: ``UsageError`` with the line's number if it is not UTF-8 or too long, or for what the system says.
    func next() throws -> Line? {
        while let range = try nextRange() {
            number += 1
            let isBlank = buffer[range].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if isBlank { continue }
            let text = buffer.withUnsafeBufferPointer { bytes in
                String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
            }
            guard let text else { throw UsageError(at: "\(title), line \(number)", "this line is not UTF-8") }
            return Line(number: number, text: text)
        }
        return nil
    }

    /// The next line's place in the buffer, its CR and LF left out.
    private func nextRange() throws -> Range<Int>? {
        var searched = start
        while true {
            if let end = lineFeed(from: searched) {
                defer { start = end + 1 }
                return start..<(end > start && buffer[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return start..<(buffer[buffer.count - 1] == UInt8(ascii: "\r") ? buffer.count - 1 : buffer.count)
            }
            searched = buffer.count - start
            guard searched <= Self.lineBytesAtMost else {
                throw UsageError(
                    at: "\(title), line \(number + 1)",
                    "this line is over the limit of \(Self.lineBytesAtMost) bytes")
            }
            try readPiece()
            searched += start
        }
    }

    private func lineFeed(from position: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, position < bytes.count,
                let found = memchr(base + position, 0x0A, bytes.count - position)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Reads more behind what is left of the buffer.
    private func readPiece() throws {
        guard let descriptor else { return }
        buffer.removeSubrange(..<start)
        start = 0
        let isFirst = bytesRead == 0
        if piece.isEmpty { piece = [UInt8](repeating: 0, count: Self.pieceBytes) }
        var count: Int
        repeat {
            count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw InputFile.unreadable(title, errno) }
        buffer += piece[..<count]
        isAtEnd = count == 0
        bytesRead += count
        if isFirst { skipMark() }
    }

    private func skipMark() {
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    }
}
