/// What a call is answered with when it goes well.
struct Answer: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case text(String)
        case toolUse(id: String, name: String, input: JSONValue)
    }

    let content: Content
    let outputTokens: Int

    var stopReason: String {
        switch content {
        case .text: "end_turn"
        case .toolUse: "tool_use"
        }
    }

    /// The one content block of the finished message.
    var block: JSONValue {
        switch content {
        case .text(let text): ["type": "text", "text": .string(text)]
        case .toolUse(let id, let name, let input):
            ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
        }
    }
}

/// What a call will see, decided before anything is sent.
struct AnswerPlan: Hashable, Sendable {
    enum Outcome: Hashable, Sendable {
        case error(APIError)
        case answer(Answer, cut: Bool)
    }

    var latencyMilliseconds = 0
    var silentMilliseconds = 0
    var outcome: Outcome
}
