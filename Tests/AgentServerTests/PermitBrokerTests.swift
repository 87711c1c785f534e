import AgentPool
import ClusterModel
import ClusterWire
import MeteringGateway
import Testing

@testable import AgentServer

@Suite("Calls between the gateway and the coordinator")
struct PermitBrokerTests {
    private let broker: PermitBroker
    private let inputs: AsyncStream<EngineInput>
    private let feed: AsyncStream<EngineInput>.Continuation

    init() {
        (inputs, feed) = AsyncStream.makeStream()
        broker = PermitBroker(feed: feed)
    }

    private static let call = MeteredCall(
        instance: "0.1", service: "claude", endpoint: "messages", model: "claude-sonnet-4-5", bodyBytes: 4000,
        maxOutput: 100)

    /// Waits until the engine was told that there is something to send.
    private func changed(_ times: Int = 1) async {
        var left = times
        for await input in inputs {
            guard left > 0 else { return }
            if case .permitsChanged = input { left -= 1 }
            if left == 0 { return }
        }
    }

    private func requests(session: UInt64 = 1) -> [Ccorchestrator_V1_PermitRequest] {
        broker.outgoing(session: session).flatMap { message -> [Ccorchestrator_V1_PermitRequest] in
            guard case .permitRequests(let asked) = message.body else { return [] }
            return asked.requests
        }
    }

    private func reports(session: UInt64 = 1) -> [Ccorchestrator_V1_PermitReports] {
        broker.outgoing(session: session).compactMap { message -> Ccorchestrator_V1_PermitReports? in
            guard case .permitReports(let told) = message.body else { return nil }
            return told
        }
    }

    private func answer(_ call: UInt64, refusal: String = "") {
        var answers = Ccorchestrator_V1_PermitAnswers()
        var answer = Ccorchestrator_V1_PermitAnswer()
        answer.call = call
        answer.refusal = refusal
        answers.answers = [answer]
        broker.answered(answers)
    }

    @Test("A call is asked for once, with its attempt, and goes when it is granted; twice granted is once")
    func granted() async throws {
        let own = token(3)
        broker.turnBegan(InstanceID(slot: 0, generation: 1), own)
        async let granted = broker.permit(for: Self.call)
        await changed()
        let asked = requests()
        #expect(asked.count == 1 && asked[0].token == own.proto && asked[0].model == "claude-sonnet-4-5")
        #expect(asked[0].bodyBytes == 4000 && asked[0].maxOutput == 100 && !asked[0].isOpen)
        #expect(requests().isEmpty)
        answer(asked[0].call)
        answer(asked[0].call)
        #expect(try await granted.number == asked[0].call)
        #expect(broker.callCount == 1)
    }

    @Test("The instance's time stands still from the question to the answer")
    func held() async throws {
        async let granted = broker.permit(for: Self.call)
        await changed()
        answer(requests()[0].call)
        _ = try await granted
        feed.finish()
        var released = 0
        for await input in inputs {
            if case .callReleased(let id) = input, id == InstanceID(slot: 0, generation: 1) { released += 1 }
        }
        #expect(released == 1)
    }

    @Test("One that can never be made says why")
    func refused() async throws {
        let refused = Task { try await broker.permit(for: Self.call) }
        await changed()
        answer(requests()[0].call, refusal: "too large for ever")
        await #expect(throws: CallRefusal("too large for ever")) { _ = try await refused.value }
        #expect(broker.callCount == 0)
    }

    @Test("A caller that leaves withdraws its call: nobody is asked for it, or the coordinator is told")
    func withdrawn() async throws {
        let unasked = Task { try await broker.permit(for: Self.call) }
        await changed()
        unasked.cancel()
        await #expect(throws: CancellationError.self) { _ = try await unasked.value }
        #expect(requests().isEmpty && reports().isEmpty)

        let asked = Task { try await broker.permit(for: Self.call) }
        await changed(2)
        let number = requests()[0].call
        asked.cancel()
        await #expect(throws: CancellationError.self) { _ = try await asked.value }
        let told = reports()
        #expect(told.count == 1 && told[0].reports.map(\.call) == [number] && told[0].reports[0].stage == .withdrawn)
        // A grant that was on its way goes to nobody.
        answer(number)
        #expect(broker.callCount == 0)
    }

    @Test("A new session hears of what waits, what is open, and every report without an answer")
    func newSession() async throws {
        async let first = broker.permit(for: Self.call)
        await changed()
        let open = requests()[0].call
        answer(open)
        let granted = try await first
        let waiting = Task { try await broker.permit(for: Self.call) }
        await changed()
        let other = requests()[0].call
        broker.progress(granted, CallUsage(input: 7))
        #expect(reports(session: 1).map(\.number) == [1])
        #expect(reports(session: 1).isEmpty)

        broker.sessionBegan()
        let again = broker.outgoing(session: 2)
        #expect(again.count == 2)
        guard case .permitRequests(let asked) = again[0].body, case .permitReports(let told) = again[1].body else {
            Issue.record("\(again)")
            return
        }
        #expect(asked.session == 2 && asked.requests.map(\.call) == [open, other])
        #expect(asked.requests.map(\.isOpen) == [true, false])
        #expect(told.session == 2 && told.number == 1 && told.reports.map(\.inputTokens) == [7])
        broker.acknowledged(1)
        broker.sessionBegan()
        #expect(broker.outgoing(session: 3).count == 1)
        waiting.cancel()
        _ = await waiting.result
    }

    @Test("What came of a call is reported whole")
    func report() async throws {
        async let first = broker.permit(for: Self.call)
        await changed()
        answer(requests()[0].call)
        let granted = try await first
        broker.ended(
            granted,
            .sent(
                CallReport(
                    status: 429, isCut: true, usage: CallUsage(input: 5, output: 6, cacheRead: 7), sentAgo: 8,
                    retryAfter: .seconds(9), errorType: "rate_limit_error",
                    words: [ServiceWord(limit: "requests", amount: 60, remaining: 0, fullIn: .seconds(2))])))
        let report = try #require(reports().first?.reports.first)
        #expect(report.call == granted.number && report.stage == .ended && report.status == 429 && report.isCut)
        #expect(report.inputTokens == 5 && report.outputTokens == 6 && report.cacheReadTokens == 7)
        #expect(report.sentMsAgo == 8 && report.retryAfterMs == 9000 && report.errorType == "rate_limit_error")
        let word = try #require(report.words.first)
        #expect(word.limit == "requests" && word.amount == 60 && word.hasRemaining && word.remaining == 0)
        #expect(word.roundedTo == 1 && word.fullInMs == 2000)
        #expect(broker.callCount == 0)
    }
}
