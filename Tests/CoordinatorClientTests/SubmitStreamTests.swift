import ClusterModel
import ClusterWire
import CoordinatorClient
import Foundation
import Synchronization
import Testing

@Suite struct SubmitStreamTests {
    private static func tasks(_ count: Int) -> [TaskSpec] {
        (0..<count).map { TaskSpec(prompt: .text("task \($0)"), options: $0 < 1500 ? 0 : 1) }
    }

    private static let options = [TaskOptions(model: "a"), TaskOptions(model: "b")]

    private static func fake(_ queue: FakeQueue) -> FakeCoordinator {
        FakeCoordinator { request, _ in
            guard case .submit(let submit) = request.body else { return FakeQueue.failure("invalid", "no submit") }
            return queue.take(submit)
        }
    }

    @Test func whatTravelsIsWhatTheMessagesSay() async throws {
        let queue = FakeQueue()
        let tasks = [
            TaskSpec(prompt: .text("plain")),
            TaskSpec(
                prompt: .text(String(repeating: "é", count: 300)), name: "n", input: "line", options: 1, context: "c"),
            TaskSpec(
                prompt: .text("linked"), after: [TaskLink(index: 0), TaskLink(index: 1, condition: .end)], context: "c"),
        ]
        let spec = JobSpec(
            name: "job", distribution: .leastLoaded, placement: .pack, weight: 20, maxParallel: 3,
            deadline: WallTime(milliseconds: 5), isPaused: true, continuesOnFailure: true, failuresAtMost: 0,
            after: [JobLink(job: JobID(rawValue: 4), condition: .end)])
        let client = try Self.fake(queue).client()
        let job = try await client.submit(spec, options: Self.options, tasks: tasks)
        await client.close()
        #expect(job == SubmittedJob(job: JobID(rawValue: 1), taskCount: 3))
        let got = try #require(queue.all.first)
        #expect(got.tasks == tasks.map(\.proto))
        #expect(got.options == Self.options.map(\.proto))
        #expect(got.spec == spec.proto)
        #expect(got.sealed)
    }

    @Test func aLongJobGoesInBatchesAndTellsItsProgress() async throws {
        let queue = FakeQueue()
        let fake = Self.fake(queue)
        let client = try fake.client()
        let seen = Mutex<[UInt32]>([])
        let tasks = Self.tasks(3500)
        let job = try await client.submit(JobSpec(), options: Self.options, tasks: tasks) { progress in
            seen.withLock { $0.append(progress.acknowledged) }
        }
        await client.close()
        #expect(job.taskCount == 3500)
        #expect(queue.all[0].tasks == tasks.map(\.proto))
        #expect(fake.requests.count == 4)
        #expect(seen.withLock { $0 } == seen.withLock { $0 }.sorted() && seen.withLock { $0.last } == 3500)
        for request in fake.requests { #expect(request.submit.tasks.count <= Limits.tasksPerMessage) }
    }

    @Test func batchesStayBelowTheirBytes() async throws {
        let queue = FakeQueue()
        let fake = Self.fake(queue)
        let client = try fake.client()
        let long = String(repeating: "x", count: Limits.inlineContentBytes)
        _ = try await client.submit(
            JobSpec(), options: Self.options, tasks: (0..<40).map { _ in TaskSpec(prompt: .text(long)) })
        await client.close()
        #expect(queue.all[0].tasks.count == 40)
        for request in fake.requests {
            let bytes: [UInt8] = try request.submit.serializedBytes()
            #expect(bytes.count <= Limits.frameFillBytes + 256)
        }
    }

    @Test func noMoreIsPulledThanTheWindowHolds() async throws {
        let queue = FakeQueue()
        let pulled = Mutex(0)
        // The first batch is answered; of the rest the answers wait until the window is full.
        let waiting = Mutex<[Ccorchestrator_V1_ClientRequest]>([])
        let (full, fullContinuation) = AsyncStream.makeStream(of: Void.self)
        let fake = FakeCoordinator { request, _ in
            let submit = request.submit
            if submit.firstIndex == 0 { return queue.take(submit) }
            let open = waiting.withLock { held in
                held.append(request)
                return held.count
            }
            if open == 3 { fullContinuation.yield() }
            return nil
        }
        let client = try fake.client(ClientLimits(submitWindow: 3))
        let total = 20_000
        let submit = Task {
            try await client.submitStream(JobSpec(), options: [TaskOptions()]) {
                let index = pulled.withLock { count in
                    count += 1
                    return count
                }
                return index <= total ? TaskSpec(prompt: .text("t")) : nil
            }
        }
        for await _ in full { break }
        // One batch acknowledged, three open, and the one task that showed that there is more.
        #expect(pulled.withLock { $0 } <= 4 * Limits.tasksPerMessage + 1)
        #expect(fake.requests.count == 4)
        // From here on each is answered as the next one comes.
        var most = 0
        while queue.all[0].tasks.count < total {
            let next = waiting.withLock { held -> Ccorchestrator_V1_ClientRequest? in
                most = max(most, held.count)
                return held.isEmpty ? nil : held.removeFirst()
            }
            if let next { fake.answer(next.requestID, queue.take(next.submit)) } else { await Task.yield() }
        }
        #expect(try await submit.value.taskCount == UInt32(total))
        #expect(most <= 3)
        await client.close()
    }

    @Test func aFullQueueIsWaitedOutAndThenTold() async throws {
        let queue = FakeQueue()
        let refusals = Mutex(3)
        let fake = FakeCoordinator { request, _ in
            let refuses = refusals.withLock { left in
                guard request.submit.firstIndex == 1000, left > 0 else { return false }
                left -= 1
                return true
            }
            return refuses ? FakeQueue.failure("queue_full", "the queue is full") : queue.take(request.submit)
        }
        let limits = ClientLimits(
            roomPatience: .milliseconds(60), firstRoomPause: .milliseconds(1), longestRoomPause: .milliseconds(20))
        let client = try fake.client(limits)
        let reasons = Mutex<[String]>([])
        let job = try await client.submit(JobSpec(), options: Self.options, tasks: Self.tasks(5200)) { progress in
            if let reason = progress.waitsBecause { reasons.withLock { $0.append(reason) } }
        }
        #expect(job.taskCount == 5200)
        #expect(queue.all[0].tasks == Self.tasks(5200).map(\.proto))
        #expect(reasons.withLock { $0 } == ["the queue is full", "the queue is full"])
        await client.close()

        let never = FakeCoordinator { _, _ in FakeQueue.failure("queue_full", "the queue is full") }
        let second = try never.client(limits)
        await #expect(
            throws: CoordinatorFailure(
                code: .queueFull, message: "the queue is full (waited for 0 s for it to take more)")
        ) {
            _ = try await second.submit(JobSpec(), options: Self.options, tasks: Self.tasks(1))
        }
        await second.close()
    }

    @Test func theSameKeyAddsNothing() async throws {
        let queue = FakeQueue()
        for count in [2500, 10] {
            var jobs: [SubmittedJob] = []
            for _ in 0..<2 {
                let client = try Self.fake(queue).client()
                jobs.append(
                    try await client.submit(
                        JobSpec(), options: Self.options, tasks: Self.tasks(count), key: SubmissionKey("k\(count)")))
                await client.close()
            }
            #expect(jobs[0] == jobs[1])
            #expect(jobs[0].taskCount == UInt32(count))
        }
        #expect(queue.all.map(\.tasks.count) == [2500, 10])
    }

    @Test(arguments: [2600, 2400, 500, 3500, 5])
    func otherContentUnderTheSameKeyIsRefused(_ count: Int) async throws {
        let queue = FakeQueue()
        let first = try Self.fake(queue).client()
        _ = try await first.submit(JobSpec(), options: Self.options, tasks: Self.tasks(2500), key: SubmissionKey("k"))
        await first.close()
        let second = try Self.fake(queue).client()
        do {
            _ = try await second.submit(
                JobSpec(), options: Self.options, tasks: Self.tasks(count), key: SubmissionKey("k"))
            Issue.record("nothing was refused")
        } catch let failure as CoordinatorFailure {
            #expect(
                failure.message
                    == "the key \"k\" was used for another submit (job 1 has 2500 tasks, this submit \(count)): use another key for this one"
            )
            #expect(failure.code == .jobSealed)
        }
        await second.close()
        #expect(queue.all.map(\.tasks.count) == [2500])
    }

    @Test func aSubmitThatWasCutOffGoesOnUnderItsKey() async throws {
        struct Cut: Error {}
        let queue = FakeQueue()
        let client = try Self.fake(queue).client()
        var iterator = Self.tasks(2500).makeIterator()
        var left = 2200
        do {
            _ = try await client.submitStream(JobSpec(), options: Self.options, key: SubmissionKey("k")) {
                left -= 1
                if left < 0 { throw Cut() }
                return iterator.next()
            }
            Issue.record("nothing was thrown")
        } catch let error as SubmitInterrupted {
            #expect(error.cause is Cut)
            #expect(error.outcome == "and the same submit with this key goes on with it")
        }
        #expect(queue.all[0].sealed == false)
        let job = try await client.submit(
            JobSpec(), options: Self.options, tasks: Self.tasks(2500), key: SubmissionKey("k"))
        await client.close()
        #expect(job.taskCount == 2500)
        #expect(queue.all.map(\.tasks) == [Self.tasks(2500).map(\.proto)])
    }

    @Test func keysAreDerivedFromTheirText() {
        // sha256("nightly"), its first half.
        #expect(SubmissionKey("nightly").bytes.count == 16)
        #expect(
            SubmissionKey("abc").bytes == [
                0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
            ])
        #expect(SubmissionKey("a") == SubmissionKey("a"))
        #expect(SubmissionKey.random() != SubmissionKey.random())
    }

    @Test func aTaskWithoutItsRowOfOptionsIsRefusedHere() async throws {
        let client = try Self.fake(FakeQueue()).client()
        await #expect(throws: CoordinatorFailure(code: .invalid, message: "task 0 names row 2 of 2 rows of options")) {
            _ = try await client.submit(
                JobSpec(), options: Self.options, tasks: [TaskSpec(prompt: .text("t"), options: 2)])
        }
        await #expect(
            throws: CoordinatorFailure(code: .invalid, message: "there is nothing to submit: the job has no task")
        ) {
            _ = try await client.submit(JobSpec(), options: Self.options, tasks: [TaskSpec]())
        }
        await client.close()
    }
}
