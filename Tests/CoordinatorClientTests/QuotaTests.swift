import ClusterModel
import ClusterWire
import CoordinatorClient
import Testing

@Suite struct QuotaTests {
    @Test func bucketsAreReadWhole() async throws {
        var view = Ccorchestrator_V1_QuotaView()
        view.name = "claude.requests"
        view.limit = "60/min,burst=6"
        view.most = 6
        view.used = 7
        view.remaining = -1
        view.reserve = 2
        view.waiting = 3
        view.parkedForMs = 1500
        view.limitPerMinute = 60
        view.spentLastMinute = 59
        view.refusals = 4
        view.isShadow = true
        view.shadowOverruns = 5
        view.origin = "config"
        view.openCalls = 8
        view.overloads = 9
        view.waitingTasks = ["7.1", "7.2"]
        view.explanation = "all is well"
        var held = Ccorchestrator_V1_QuotaView()
        held.name = "claude.concurrency"
        held.limit = "concurrency=20"
        held.isConcurrency = true
        held.narrowedTo = 4
        var estimate = Ccorchestrator_V1_QuotaEstimate()
        estimate.key = "claude sonnet"
        estimate.calls = 10
        estimate.inputErrorPercent = 3
        estimate.output = 800
        estimate.outputWithinPercent = 90
        var reply = Ccorchestrator_V1_Quotas()
        reply.quotas = [view, held]
        reply.estimates = [estimate]
        let answer = reply
        let client = try FakeCoordinator { _, _ in .quotas(answer) }.client()
        let report = try await client.quotas()
        await client.close()
        var first = QuotaSummary(name: "claude.requests", limit: "60/min,burst=6")
        (first.most, first.used, first.remaining, first.reserve, first.waiting) = (6, 7, -1, 2, 3)
        (first.parkedFor, first.limitPerMinute, first.spentLastMinute, first.refusals) = (1500, 60, 59, 4)
        (first.isShadow, first.shadowOverruns, first.origin, first.openCalls) = (true, 5, "config", 8)
        (first.overloads, first.waitingTasks, first.explanation) = (9, ["7.1", "7.2"], "all is well")
        var second = QuotaSummary(name: "claude.concurrency", limit: "concurrency=20")
        (second.isConcurrency, second.narrowedTo) = (true, 4)
        let learned = QuotaEstimateSummary(
            key: "claude sonnet", calls: 10, inputErrorPercent: 3, output: 800, outputWithinPercent: 90)
        #expect(report == QuotaReport(quotas: [first, second], estimates: [learned]))
    }

    @Test func aChangeSendsWhatWasSaidAndNothingMore() async throws {
        let fake = FakeCoordinator { request, _ in
            var reply = Ccorchestrator_V1_QuotaChanged()
            reply.before = request.changeQuota.limit.isEmpty ? "60/min" : ""
            reply.after = request.changeQuota.verb == .reset ? "" : request.changeQuota.limit
            return .quotaChanged(reply)
        }
        let client = try fake.client()
        let set = try await client.changeQuota("a.read", .set(limit: "9/s", burst: 3, reserve: "10%", isShadow: false))
        #expect(set == QuotaChangeOutcome(before: nil, after: "9/s"))
        _ = try await client.changeQuota("a.read", .set(limit: nil, isShadow: true))
        let reset = try await client.changeQuota("a.read", .reset)
        #expect(reset == QuotaChangeOutcome(before: "60/min", after: nil))
        _ = try await client.changeQuota("a.read", .unpark)
        await client.close()
        let sent = fake.requests.map(\.changeQuota)
        #expect(sent.map(\.verb) == [.set, .set, .reset, .unpark])
        #expect(sent.map(\.name) == ["a.read", "a.read", "a.read", "a.read"])
        #expect(sent[0].limit == "9/s" && sent[0].burst == 3 && sent[0].reserve == "10%")
        #expect(sent[0].hasIsShadow && !sent[0].isShadow)
        #expect(sent[1].limit.isEmpty && !sent[1].hasBurst && !sent[1].hasReserve && sent[1].isShadow)
        #expect(!sent[2].hasIsShadow)
    }

    @Test func anUnknownBucketIsRefusedByItsCode() async throws {
        let fake = FakeCoordinator { _, _ in FakeQueue.failure("unknown_quota", "there is no bucket a.read") }
        let client = try fake.client()
        let failure = await #expect(throws: CoordinatorFailure.self) {
            _ = try await client.changeQuota("a.read", .unpark)
        }
        await client.close()
        #expect(failure?.code == .unknownQuota)
    }
}
