import Foundation
import Testing

@testable import ServiceSims

@Suite("Limits are refused and told as the API documents", .timeLimit(.minutes(1)))
struct LimitTests {
    @Test("a call over the request limit gets 429, retry-after and rate_limit_error")
    func requestLimit() async throws {
        try await withSim({ $0.requests = RateLimit(perMinute: 1, burst: 2) }) { sim, client in
            #expect(try await client.call("a").status == 200)
            #expect(try await client.call("b").status == 200)
            let refused = try await client.call("c")
            #expect(refused.status == 429)
            let wait = try #require(refused.header("retry-after").flatMap { Int($0) })
            #expect((55...60).contains(wait))
            let body = try refused.json()
            #expect(body["type"] == "error")
            #expect(body["error"]?["type"] == "rate_limit_error")
            #expect(body["request_id"]?.string == refused.header("request-id"))
            let stats = sim.stats()
            #expect(stats.total == 3 && stats.ok == 2 && stats.status429 == 1)
            #expect(stats.limits["requests"]?.refused == 1)
            #expect(stats.limits["requests"]?.used == 2)
        }
    }

    @Test("headers name the limit, what remains and when it is full again")
    func headers() async throws {
        try await withSim({
            $0.requests = RateLimit(perMinute: 60)
            $0.inputTokens = RateLimit(perMinute: 30_000)
            $0.outputTokens = RateLimit(perMinute: 8_000)
        }) { _, client in
            let answer = try await client.call("hello")
            #expect(answer.header("anthropic-ratelimit-requests-limit") == "60")
            #expect(answer.header("anthropic-ratelimit-requests-remaining") == "59")
            #expect(answer.header("anthropic-ratelimit-input-tokens-limit") == "30000")
            #expect(answer.header("anthropic-ratelimit-input-tokens-remaining") == "30000")
            #expect(answer.header("anthropic-ratelimit-output-tokens-remaining") == "8000")
            #expect(answer.header("anthropic-ratelimit-tokens-limit") == "30000")
            let reset = try #require(answer.header("anthropic-ratelimit-requests-reset"))
            let full = try Date(reset, strategy: .iso8601)
            #expect(abs(full.timeIntervalSinceNow) < 5)
            #expect(reset.hasSuffix("Z"))
        }
    }

    @Test("an unset limit has no headers")
    func unset() async throws {
        try await withSim { _, client in
            let answer = try await client.call("hello")
            #expect(answer.header("anthropic-ratelimit-requests-limit") == nil)
            #expect(answer.header("request-id")?.hasPrefix("req_") == true)
        }
    }

    @Test("a refused call is charged by no limit")
    func chargedByNone() {
        var gate = LimitGate(
            limits: [.requests: RateLimit(perMinute: 60), .inputTokens: RateLimit(perMinute: 600, burst: 100)], now: 0)
        #expect(gate.admit(inputTokens: 100, now: 0) == nil)
        let refusal = gate.admit(inputTokens: 50, now: 0)
        #expect(refusal?.kind == .inputTokens)
        #expect(refusal?.retryAfterSeconds == 5)
        #expect(gate.used(.requests) == 1)
        #expect(gate.used(.inputTokens) == 100)
        #expect(gate.admit(inputTokens: 50, now: 5_000_000_000) == nil)
    }

    @Test("output is charged as it is produced, below zero, and then stands in the way")
    func output() {
        var gate = LimitGate(limits: [.outputTokens: RateLimit(perMinute: 60, burst: 10)], now: 0)
        #expect(gate.admit(inputTokens: 1, now: 0) == nil)
        gate.produced(12, now: 0)
        #expect(gate.stats(now: 0)["output_tokens"]?.level == -2)
        #expect(gate.admit(inputTokens: 1, now: 0)?.retryAfterSeconds == 3)
        #expect(gate.admit(inputTokens: 1, now: 2_999_999_999)?.retryAfterSeconds == 1)
        #expect(gate.admit(inputTokens: 1, now: 3_000_000_000) == nil)
    }

    @Test("remaining tokens are rounded to the nearest thousand, resets rounded up to whole seconds")
    func rounding() {
        var gate = LimitGate(limits: [.inputTokens: RateLimit(perMinute: 60_000)], now: 0)
        #expect(gate.admit(inputTokens: 1_501, now: 0) == nil)
        let headers = Dictionary(
            gate.headers(now: 0, wallSeconds: 1_000_000_000.25).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        #expect(headers["anthropic-ratelimit-input-tokens-remaining"] == "58000")
        // 1,501 tokens at 1,000 a second come back in 1.501 s: 01:46:41.751, rounded up.
        #expect(headers["anthropic-ratelimit-input-tokens-reset"] == "2001-09-09T01:46:42Z")
        #expect(headers["anthropic-ratelimit-tokens-remaining"] == "58000")
    }

    @Test("settings out of range are refused with a sentence")
    func settings() throws {
        var configuration = AnthropicSimConfiguration()
        configuration.requests = RateLimit(perMinute: 0)
        #expect(throws: SimConfigurationError.self) { try AnthropicSim(configuration: configuration) }
        configuration.requests = nil
        configuration.overloadedShare = 0.7
        configuration.failureShare = 0.4
        #expect(throws: SimConfigurationError.self) { try AnthropicSim(configuration: configuration) }
    }
}
