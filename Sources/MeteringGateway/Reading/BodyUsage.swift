/// The usage in an answer that came as one JSON object, read as it passes.
struct BodyUsage: Sendable {
    private var scanner = JSONScanner()
    private var fields = UsageFields()

    /// As far as it was told.
    var usage: CallUsage {
        CallUsage(
            input: fields.limitedInput, output: fields.output, cacheRead: fields.cacheRead ?? 0,
            cacheCreation: fields.cacheCreation ?? 0)
    }
    /// Usage that was ignored, because it can't be.
    var nonsense: Int { fields.nonsense }

    /// Reads on.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var fields = fields
        scanner.feed(bytes) { fields.take($0, $1, under: []) }
        self.fields = fields
    }
}

/// The name of what was wrong, in an answer that tells of an error.
enum ErrorBody {
    /// `error.type`; empty: there is none.
    static func type(in bytes: UnsafeRawBufferPointer) -> String {
        var scanner = JSONScanner()
        var type = ""
        scanner.feed(bytes) { path, value in
            if path == .errorType, case .string(let name, _) = value { type = String(decoding: name, as: UTF8.self) }
        }
        return type
    }
}
