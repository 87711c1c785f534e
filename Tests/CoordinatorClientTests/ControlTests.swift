import ClusterModel
import ClusterWire
import CoordinatorClient
import Testing

@Suite struct ControlTests {
    private static func fake() -> FakeCoordinator {
        FakeCoordinator { request, _ in
            guard case .control(let control) = request.body else { return FakeQueue.failure("invalid", "no control") }
            var reply = Ccorchestrator_V1_Controlled()
            reply.changed = max(1, UInt32(control.indexes.count))
            return .controlled(reply)
        }
    }

    @Test func eachVerbSaysWhatItMeans() async throws {
        let fake = Self.fake()
        let client = try fake.client()
        let job = JobID(rawValue: 7)
        _ = try await client.pause(nil)
        _ = try await client.resume(job)
        _ = try await client.hold(.tasks(job, indexes: [1, 3]))
        _ = try await client.release(.job(job))
        _ = try await client.retry(.job(job))
        _ = try await client.prioritize(.job(job), .high)
        _ = try await client.drain(agent: "a")
        _ = try await client.undrain(agent: "a")
        await client.close()
        let sent = fake.requests.map(\.control)
        #expect(sent.map(\.verb) == [.pause, .resume, .hold, .release, .retry, .prioritize, .drain, .undrain])
        #expect(sent.map(\.job) == [0, 7, 7, 7, 7, 7, 0, 0])
        #expect(sent[2].indexes == [1, 3])
        #expect(sent[5].priority == 7)
        #expect(sent.suffix(2).map(\.agent) == ["a", "a"])
    }

    @Test func manyTasksGoInSeveralRequests() async throws {
        let fake = Self.fake()
        let client = try fake.client()
        let job = JobID(rawValue: 7)
        #expect(try await client.hold(.tasks(job, indexes: Array(0..<25_000))) == 25_000)
        #expect(try await client.hold(.tasks(job, indexes: [])) == 0)
        await client.close()
        #expect(fake.requests.map(\.control.indexes.count) == [10_000, 10_000, 5_000])
        #expect(fake.requests.flatMap(\.control.indexes) == Array(0..<25_000))
    }
}
