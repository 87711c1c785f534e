/// The `usage` object of one JSON text, as far as it makes sense.
struct UsageFields: Hashable, Sendable {
    var input: UInt64?
    var output: UInt64?
    var cacheCreation: UInt64?
    var cacheRead: UInt64?
    /// Values that were no numbers of tokens.
    var nonsense = 0

    /// As it counts against the limit: reads from the cache are free of it.
    var limitedInput: UInt64? { input.map { $0 + (cacheCreation ?? 0) } }

    /// Takes a value in if it stands in `usage`, with the names of the levels above it in `prefix`.
    mutating func take(_ path: JSONPath, _ value: JSONScanner.Value, under prefix: [JSONKey]) {
        let fields: [(JSONKey, WritableKeyPath<UsageFields, UInt64?>)] = [
            (.inputTokens, \.input), (.outputTokens, \.output), (.cacheCreation, \.cacheCreation),
            (.cacheRead, \.cacheRead),
        ]
        for (key, field) in fields where path == JSONPath(prefix + [.usage, key]) {
            guard case .word(let digits) = value else {
                nonsense += 1
                return
            }
            if digits == Array("null".utf8) { return }
            guard let number = UsageNumber.read(digits) else {
                nonsense += 1
                return
            }
            self[keyPath: field] = number
        }
    }
}
