/// Decides a call's answer from the turn, the tools on offer and the call's draws: pure, so that it can be repeated.
struct AnswerPlanner: Sendable {
    let configuration: AnthropicSimConfiguration

    /// How much of the last tool result the final text shows.
    static let resultCharacters = 200

    private static let filler = "the quick brown fox jumps over the lazy dog and runs on through the quiet wood "

    /// The plan for the `count`-th (from 0) call of this round of `turn`. `schema` is that of `StructuredOutput`.
    func plan(turn: Turn, schema: JSONValue?, count: Int) -> AnswerPlan {
        let draws = CallDraws(configuration, text: turn.prompt, count: count, round: turn.round)
        let script: PromptScript
        do {
            script = try PromptScript(turn.prompt)
        } catch {
            return AnswerPlan(outcome: .error(APIError(400, "\(error)")))
        }
        let first = turn.isFirst
        var plan = AnswerPlan(outcome: .error(APIError(500, "")))
        plan.latencyMilliseconds = draws.latencyMilliseconds + (first ? script.sleepMilliseconds : 0)
        plan.silentMilliseconds = first ? script.silentMilliseconds : 0
        if first, script.tooLong {
            plan.outcome = .error(APIError(400, "prompt is too long: 214301 tokens > 200000 maximum"))
            return plan
        }
        if first, let status = script.status ?? (count == 0 ? script.statusOnce : nil) {
            plan.outcome = .error(
                APIError(status.code, "The prompt asked for this.", retryAfterSeconds: status.retryAfterSeconds))
            return plan
        }
        switch draws.fault {
        case .overloaded: plan.outcome = .error(APIError(529, "Overloaded"))
        case .failure: plan.outcome = .error(APIError(500, "Internal server error"))
        case .none, .cut:
            let cut = draws.fault == .cut || (first && script.cut && count == 0)
            plan.outcome = .answer(answer(turn, script, schema, draws, count), cut: cut)
        }
        return plan
    }

    private func answer(
        _ turn: Turn, _ script: PromptScript, _ schema: JSONValue?, _ draws: CallDraws, _ count: Int
    ) -> Answer {
        let structured = MessagesRequest.structuredOutputTool
        let scriptedDone = turn.toolsCalled.count { $0 != structured }
        let nonces = UserText.nonces(turn.prompt)
        if scriptedDone < script.toolCalls.count {
            let call = script.toolCalls[scriptedDone]
            return toolUse(call.name, call.input, draws)
        }
        if let schema, !turn.structuredAccepted {
            if let input = script.structured { return toolUse(structured, input, draws) }
            var filler = SchemaFiller(
                schema: schema, mention: nonces.joined(separator: " "),
                draws: Draws(seed: configuration.seed, text: turn.prompt, count: count, round: turn.round))
            return toolUse(structured, filler.fill(), draws)
        }
        if let say = script.say {
            return Answer(content: .text(say), outputTokens: TokenEstimate.tokens(bytes: say.utf8.count))
        }
        var opening = nonces
        if let result = turn.lastResult { opening.append(String(result.prefix(Self.resultCharacters))) }
        return text(opening.joined(separator: " "), tokens: draws.outputTokens)
    }

    /// `opening`, then filler up to `tokens` tokens.
    private func text(_ opening: String, tokens: Int) -> Answer {
        var text = opening
        let wanted = tokens * TokenEstimate.bytesPerToken
        if text.utf8.count < wanted, !text.isEmpty { text += " " }
        while text.utf8.count < wanted { text += Self.filler.prefix(wanted - text.utf8.count) }
        return Answer(content: .text(text), outputTokens: TokenEstimate.tokens(bytes: text.utf8.count))
    }

    private func toolUse(_ name: String, _ input: JSONValue, _ draws: CallDraws) -> Answer {
        let id = "toolu_sim" + String(draws.identity, radix: 36)
        // A value made of JSON's own kinds always has a text; were it not so, its size would be a guess of one token.
        let bytes = (try? JSONText.data(input).count) ?? 0
        return Answer(
            content: .toolUse(id: id, name: name, input: input), outputTokens: TokenEstimate.tokens(bytes: bytes))
    }
}
