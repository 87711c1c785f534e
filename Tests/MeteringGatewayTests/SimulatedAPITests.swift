import AsyncHTTPClient
import MeteringGateway
import ServiceSims
import Testing

@Suite(.timeLimit(.minutes(1))) struct SimulatedAPITests {
    @Test func aStreamIsPassedOnAndItsUsageReported() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.message("[[say: good morning]]")
            #expect(answer.status == 200)
            #expect(answer.text.contains("event: message_start") && answer.text.contains("event: message_stop"))
            #expect(answer.headers.first(name: "request-id")?.isEmpty == false)

            // The end was reported before the caller had the stream's end.
            let state = scene.permits.state.now
            let stats = sim.stats()
            let report = try #require(state.reports.first)
            #expect(report.status == 200 && !report.isCut && report.errorType.isEmpty)
            #expect(report.usage.input == UInt64(stats.inputTokens))
            #expect(report.usage.output == UInt64(stats.outputTokens))
            #expect(state.progress.first?.input == UInt64(stats.inputTokens))
            let bytes = GatewayScene.body("[[say: good morning]]").utf8.count
            #expect(
                state.asked == [
                    MeteredCall(
                        instance: "3.2", service: "claude", endpoint: "messages", model: "claude-test",
                        bodyBytes: bytes, maxOutput: 100)
                ])
            #expect(scene.gateway.counts.forwarded == 1 && scene.gateway.counts.repeated == 0)
        }
    }

    @Test func aWholeAnswerIsPassedOnAndItsUsageReported() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.message("hello", stream: false)
            #expect(answer.status == 200 && answer.text.contains(#""type":"message""#))
            let report = try #require(scene.permits.state.now.reports.first)
            #expect(report.usage.input == UInt64(sim.stats().inputTokens))
            #expect(report.usage.output == UInt64(sim.stats().outputTokens))
        }
    }

    @Test func tokensAreCountedAtTheirOwnEndpoint() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.send(
                scene.request(.POST, "/v1/messages/count_tokens", body: GatewayScene.body("hello")))
            #expect(answer.status == 200 && sim.stats().countTokens == 1)
            #expect(scene.permits.state.now.asked.map(\.endpoint) == ["count_tokens"])
            #expect(scene.permits.state.now.reports.map(\.usage) == [CallUsage()])
        }
    }

    @Test func a429IsRepeatedAndNeverSeen() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.message("[[status-once: 429 7]]")
            #expect(answer.status == 200)
            let reports = scene.permits.state.now.reports
            #expect(reports.map(\.status) == [429, 200])
            #expect(reports[0].retryAfter == 7_000 && reports[0].errorType == "rate_limit_error")
            #expect(scene.permits.state.now.backOffs.isEmpty)
            #expect(scene.gateway.counts.forwarded == 1 && scene.gateway.counts.repeated == 1)
        }
    }

    @Test func theLimitsAreReadFromTheHeaders() async throws {
        try await withSimulatedAPI {
            $0.requests = RateLimit(perMinute: 600, burst: 20)
            $0.inputTokens = RateLimit(perMinute: 90_000, burst: 50_000)
        } _: { scene, _ async throws in
            _ = try await scene.message("hello")
            let words = try #require(scene.permits.state.now.reports.first?.words)
            let requests = try #require(words.first { $0.limit == "requests" })
            #expect(requests.amount == 600 && requests.remaining == 19 && requests.roundedTo == 1)
            let input = try #require(words.first { $0.limit == "input_tokens" })
            #expect(input.amount == 90_000 && input.remaining == 50_000 && input.roundedTo == 1000)
            #expect(input.fullIn.map { (0...3_000).contains($0) } == true)
        }
    }

    @Test func anOverloadIsRepeatedAfterABackOff() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.message("[[status-once: 529]]")
            #expect(answer.status == 200)
            #expect(scene.permits.state.now.reports.map(\.status) == [529, 200])
            #expect(scene.permits.state.now.backOffs == [1])
        }
    }

    @Test func theTenthRepeatIsTheLast() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let answer = try await scene.message("[[status: 529]]")
            #expect(answer.status == 529 && answer.text.contains("overloaded_error"))
            #expect(sim.stats().status529 == 11)
            #expect(scene.permits.state.now.backOffs == Array(1...10))
            #expect(scene.permits.state.now.granted.count == 11)
        }
    }

    @Test func overloadsOfARealShareNeverReachTheInstance() async throws {
        try await withSimulatedAPI {
            $0.overloadedShare = 0.4
        } _: { scene, sim async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<40 { group.addTask { try await scene.message("prompt \(number)").status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(sim.stats().ok == 40 && sim.stats().status529 > 0)
            #expect(scene.gateway.counts.forwarded == 40)
            #expect(scene.gateway.counts.repeated == sim.stats().status529)
        }
    }

    @Test func otherErrorsAreReportedAndPassedOn() async throws {
        try await withSimulatedAPI { scene, _ async throws in
            let answer = try await scene.message("[[status: 400]]")
            #expect(answer.status == 400 && answer.text.contains("invalid_request_error"))
            #expect(scene.permits.state.now.reports.map(\.errorType) == ["invalid_request_error"])
        }
    }

    @Test func aStreamThatIsCutBreaksTheInstancesConnection() async throws {
        try await withSimulatedAPI { scene, sim async throws in
            let response = try await scene.open(scene.request(body: GatewayScene.body("[[cut]]")))
            #expect(response.status == .ok)
            await #expect(throws: (any Error).self) { _ = try await response.body.collect(upTo: 1 << 20) }
            let report = try #require(scene.permits.state.now.reports.first)
            #expect(report.isCut && report.status == 200 && report.errorType == GatewayErrorType.connection)
            #expect(report.usage.input == UInt64(sim.stats().inputTokens))
            #expect((report.usage.output ?? 0) > 0)
        }
    }

    @Test func aBearerTokenTakesTheKeysPlace() async throws {
        let sim = try AnthropicSim(configuration: AnthropicSimConfiguration())
        try await sim.withRunning { port in
            try await withGateway(to: "http://127.0.0.1:\(port)") {
                $0.credential = .bearer("token")
            } _: { scene async throws in
                let request = scene.request(
                    headers: [("authorization", "Bearer \(scene.access.key)"), ("anthropic-beta", "oauth-2025")],
                    body: GatewayScene.body("hello"))
                #expect(try await scene.send(request).status == 200)
            }
        }
    }

    @Test func manyStreamsRunAtOnce() async throws {
        try await withSimulatedAPI {
            $0.streamMilliseconds = 100
        } _: { scene, sim async throws in
            sim.hold()
            let calls = Task {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<200 { group.addTask { try await scene.message("prompt \(number)").status } }
                    return try await group.reduce(into: 0) { $0 += $1 == 200 ? 1 : 0 }
                }
            }
            try await sim.waitUntil { $0.openNow == 200 }
            #expect(scene.gateway.counts.openNow == 200)
            sim.release()
            #expect(try await calls.value == 200)
            let reports = scene.permits.state.now.reports
            #expect(reports.compactMap(\.usage.input).reduce(0, +) == UInt64(sim.stats().inputTokens))
            #expect(reports.compactMap(\.usage.output).reduce(0, +) == UInt64(sim.stats().outputTokens))
        }
    }
}
