import Foundation

/// Counts the lines of a long `ccctl results --output json`, one job's, without decoding each: a million of them go past in seconds.
/// The tasks are the lines ``line(_:)``, and whoever did them gave each line back.
public struct ResultCensus: Sendable {
    /// Lines that were read.
    public private(set) var records = 0
    /// Lines for a task that another line was for.
    public private(set) var repeated = 0
    /// Attempts of all tasks, those that were tried again counted so often.
    public private(set) var attempts = 0
    private var isThere: [Bool]

    /// The tasks without a line.
    public var missing: Int { isThere.count { !$0 } }

    /// What the task of an index was submitted as.
    public static func line(_ index: Int) -> String { "line-\(index)" }

    /// Reads a file.
    ///
    /// - Throws: ``SceneError`` for a line that is not a success with its own line as the answer.
    public init(of path: String, tasks: Int) throws {
        isThere = Array(repeating: false, count: tasks)
        let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        try data.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                guard let base = rest.baseAddress, let end = memchr(base, 10, rest.count) else {
                    throw SceneError("\(path) ends in the middle of a line")
                }
                let length = base.distance(to: UnsafeRawPointer(end))
                try take(UnsafeRawBufferPointer(start: base, count: length))
                start += length + 1
            }
        }
    }

    /// The keys of a line have an order, so one pass finds them all.
    private mutating func take(_ line: UnsafeRawBufferPointer) throws {
        var next = 0
        guard let index = Self.number(after: "\"index\":", in: line, from: &next), isThere.indices.contains(index),
            Self.skip("\"state\":\"succeeded\"", in: line, from: &next),
            let tried = Self.number(after: "\"attempts\":", in: line, from: &next),
            Self.skip("\"result\":\"\(Self.line(index))\"", in: line, from: &next),
            Self.skip("\"input\":\"\(Self.line(index))\"", in: line, from: &next)
        else { throw SceneError("not the result of a line: \(String(decoding: line, as: UTF8.self))") }
        records += 1
        attempts += tried
        if isThere[index] { repeated += 1 }
        isThere[index] = true
    }

    /// Goes behind a text that begins with a quotation mark.
    private static func skip(_ text: String, in line: UnsafeRawBufferPointer, from next: inout Int) -> Bool {
        guard let base = line.baseAddress else { return false }
        let length = text.utf8.count
        while next + length <= line.count, let quote = memchr(base + next, 34, line.count - next) {
            let place = base.distance(to: UnsafeRawPointer(quote))
            guard place + length <= line.count else { return false }
            if memcmp(quote, text, length) == 0 {
                next = place + length
                return true
            }
            next = place + 1
        }
        return false
    }

    private static func number(after key: String, in line: UnsafeRawBufferPointer, from next: inout Int) -> Int? {
        guard skip(key, in: line, from: &next) else { return nil }
        var value: Int?
        while next < line.count, (48...57).contains(line[next]) {
            value = (value ?? 0) * 10 + Int(line[next] - 48)
            next += 1
        }
        return value
    }
}
