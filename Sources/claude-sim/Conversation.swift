/// What lasts from turn to turn: the conversation's id, and what it has used since it began.
struct Conversation {
    var id: String
    var model: String
    var permissionMode: String
    private(set) var inputTokens = 0
    private(set) var outputTokens = 0
    /// Millionths of a dollar, as the CLI counts: over all turns since the start or the last `/clear`.
    private(set) var costMicroUSD = 0

    /// Books a turn at 3 and 15 dollars a million tokens.
    mutating func book(input: Int, output: Int) {
        inputTokens += input
        outputTokens += output
        costMicroUSD += 3 * input + 15 * output
    }

    /// An empty one under a new id; the model and the mode stay.
    mutating func clear() {
        self = Conversation(id: newUUID(), model: model, permissionMode: permissionMode)
    }

    init(id: String, model: String, permissionMode: String) {
        self.id = id
        self.model = model
        self.permissionMode = permissionMode
    }

    /// In dollars.
    var cost: JSON { Self.dollars(costMicroUSD) }

    /// By model; one model alone is told, the current one.
    var modelUsage: JSON {
        guard inputTokens > 0 else { return .object([]) }
        return .object([
            (
                model,
                .object([
                    ("inputTokens", .integer(inputTokens)), ("outputTokens", .integer(outputTokens)),
                    ("cacheReadInputTokens", .integer(0)), ("cacheCreationInputTokens", .integer(0)),
                    ("webSearchRequests", .integer(0)), ("costUSD", cost), ("contextWindow", .integer(200_000)),
                ])
            )
        ])
    }

    private static func dollars(_ micro: Int) -> JSON {
        let fraction = String(micro % 1_000_000)
        return .number("\(micro / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)")
    }
}

/// A random UUID of version 4, lower case.
func newUUID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    let digits = [high, low].map { half in
        let text = String(half, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
    var text = ""
    for (index, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(index) { text += "-" }
        text.append(digit)
    }
    return text
}
