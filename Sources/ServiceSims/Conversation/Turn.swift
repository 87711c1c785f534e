/// The newest turn of a conversation: the prompt that began it and how far its tools have come.
struct Turn: Hashable, Sendable {
    /// The user's own text that began the turn; empty when the conversation has none.
    let prompt: String
    /// The names of the tools that were called since, in order.
    let toolsCalled: [String]
    /// The text of the last tool result, when the last message is one.
    let lastResult: String?

    /// Whether a `StructuredOutput` of this turn was taken without an error.
    let structuredAccepted: Bool

    /// Whether this call is the turn's first: its last message is the prompt itself.
    var isFirst: Bool { toolsCalled.isEmpty && lastResult == nil }
    /// How many tool rounds went before this call.
    var round: Int { toolsCalled.count }

    init(prompt: String, toolsCalled: [String] = [], lastResult: String? = nil, structuredAccepted: Bool = false) {
        self.prompt = prompt
        self.toolsCalled = toolsCalled
        self.lastResult = lastResult
        self.structuredAccepted = structuredAccepted
    }

    init(of request: MessagesRequest) {
        // The CLI puts `system` messages (its environment) behind a prompt: they are nobody's words.
        let spoken = request.messages.filter { $0.role == "user" || $0.role == "assistant" }
        var prompt = ""
        var start = spoken.startIndex
        for (index, message) in spoken.enumerated().reversed() where message.role == "user" {
            let own = UserText.own(message.content.blocks)
            guard !own.isEmpty else { continue }
            prompt = own
            start = index
            break
        }
        let since = spoken[start...]
        // A result in the prompt's own message belongs to the turn before it.
        let results = since.dropFirst().last.map { $0.content.blocks.filter { $0.type == "tool_result" } } ?? []
        self.init(
            prompt: prompt,
            toolsCalled: since.flatMap { $0.content.blocks.compactMap(\.name) },
            lastResult: results.last.map { block in
                block.content?.blocks.compactMap(\.text).joined(separator: "\n") ?? ""
            },
            structuredAccepted: Self.accepted(since))
    }

    private static func accepted(_ messages: ArraySlice<MessagesRequest.Message>) -> Bool {
        var lastCall: String?
        for block in messages.flatMap(\.content.blocks) {
            if let name = block.name { lastCall = name }
            let isAnswer = block.type == "tool_result" && lastCall == MessagesRequest.structuredOutputTool
            if isAnswer, !block.isError { return true }
        }
        return false
    }
}
