/// The lines of a file, kept as one piece of memory and a range for each line that holds something.
struct LineFile: Sendable {
    struct Line: Sendable {
        /// From 1, blank lines counted.
        let number: Int
        let range: Range<Int>
    }

    /// How sentences name the file.
    let title: String
    let bytes: [UInt8]
    /// Lines that are not blank.
    let lines: [Line]

    /// Splits at LF; a CR before it and a byte order mark at the start are no part of a line.
    init(title: String, bytes: [UInt8]) {
        self.title = title
        self.bytes = bytes
        var lines: [Line] = []
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var number = 1
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let contentEnd = end > start && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
            if bytes[start..<contentEnd].contains(where: { !Self.isBlank($0) }) {
                lines.append(Line(number: number, range: start..<contentEnd))
            }
            number += 1
            start = end + 1
        }
        self.lines = lines
    }

    func place(_ line: Line) -> String { "\(title), line \(line.number)" }

    /// - Throws: ``UsageError`` with the line's number if it is not UTF-8.
    func text(_ line: Line) throws -> String {
        guard let text = String(validating: bytes[line.range], as: UTF8.self) else {
            throw UsageError(at: place(line), "this line is not UTF-8")
        }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
