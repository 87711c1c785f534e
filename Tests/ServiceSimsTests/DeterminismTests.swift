import Testing

@testable import ServiceSims

@Suite("The same seed gives the same answers, in whatever order calls arrive", .timeLimit(.minutes(1)))
struct DeterminismTests {
    private func outcomes(seed: UInt64, order: [String]) async throws -> [String: String] {
        var configuration = AnthropicSimConfiguration()
        configuration.seed = seed
        configuration.answerTokens = 5...500
        configuration.overloadedShare = 0.2
        configuration.failureShare = 0.2
        let sim = try AnthropicSim(configuration: configuration)
        return try await sim.withRunning { port in
            var outcomes: [String: String] = [:]
            for prompt in order {
                let answer = try await SimClient(port: port).call(prompt)
                let tokens = try answer.json()["usage"]?["output_tokens"]?.int
                outcomes[prompt] = "\(answer.status) \(tokens ?? 0)"
            }
            return outcomes
        }
    }

    @Test("order does not matter, the seed does")
    func order() async throws {
        let prompts = (0..<30).map { "prompt \($0)" }
        let forward = try await outcomes(seed: 7, order: prompts)
        #expect(try await outcomes(seed: 7, order: prompts.reversed()) == forward)
        #expect(try await outcomes(seed: 8, order: prompts) != forward)
        #expect(Set(forward.values).count > 10)
        #expect(forward.values.contains { $0.hasPrefix("529") })
    }

    @Test("a refusal by the limits does not use up a draw")
    func refusals() throws {
        var configuration = AnthropicSimConfiguration()
        configuration.answerTokens = 1...100_000
        let crowded = SimState(
            configuration: {
                var limited = configuration
                limited.requests = RateLimit(perMinute: 1_000_000_000, burst: 1)
                return limited
            }())
        let free = SimState(configuration: configuration)
        func next(_ state: SimState) -> AnswerPlan.Outcome {
            while true {
                let outcome = state.decide(turn: Turn(prompt: "p"), schema: nil, inputTokens: 1).plan.outcome
                if case .answer = outcome { return outcome }
            }
        }
        for _ in 0..<3 { #expect(next(crowded) == next(free)) }
    }
}
