import ClusterModel
import Testing

@Suite("ClusterModel")
struct ModelTests {
    @Test(
        "Task ids pack and sort by job, then place",
        arguments: [(UInt32(1), UInt32(0)), (1, .max), (.max, 0), (.max, .max), (0, 7)])
    func packing(job: UInt32, index: UInt32) {
        let id = TaskID(job: JobID(rawValue: job), index: index)
        #expect(TaskID(packed: id.packed) == id && id.description == "\(job).\(index)")
        if index < .max { #expect(id < TaskID(job: id.job, index: index + 1)) }
        if job < .max { #expect(TaskID(job: id.job, index: .max) < TaskID(job: JobID(rawValue: job + 1), index: 0)) }
    }

    @Test(
        "Transitions are the documented ones: an end is final but for a retry, nothing else leads to running but waiting"
    )
    func transitions() {
        let allowed: [TaskState: Set<TaskState>] = [
            .queued: [.running, .blocked, .held], .running: [.queued, .backoff, .held],
            .backoff: [.queued, .running, .blocked, .held], .blocked: [.queued, .backoff, .running, .held],
            .held: [.queued, .blocked, .running],
            // The user has them tried again.
            .failed: [.queued, .blocked], .skipped: [.queued, .blocked], .expired: [.queued, .blocked],
        ]
        for from in TaskState.allCases {
            for to in TaskState.allCases {
                let expected = (!from.isEnd && to.isEnd) || allowed[from, default: []].contains(to)
                #expect(from.mayBecome(to) == expected, "\(from.name) to \(to.name)")
            }
        }
        #expect(Set(TaskState.allCases.map(\.name)).count == TaskState.allCases.count)
        #expect(TaskState.allCases.filter(\.isEnd) == [.succeeded, .failed, .cancelled, .skipped, .expired])
    }

    @Test("Stored numbers of states do not change")
    func stateNumbers() {
        #expect(TaskState.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test(
        "Priorities are read as people write them",
        arguments: [("critical", 9), ("high", 7), ("normal", 5), ("low", 3), ("bulk", 1), ("0", 0), ("9", 9)])
    func priorities(text: String, number: Int) {
        let priority = Priority(text)
        #expect(priority.map { Int($0.rawValue) } == number)
        #expect(priority.flatMap { Priority($0.description) } == priority)
    }

    @Test("What is no priority is not guessed", arguments: ["", "10", "-1", "High", "5.0", " 5", "urgent"])
    func noPriority(text: String) {
        #expect(Priority(text) == nil)
    }

    @Test("What burns no attempt can always be tried again")
    func classes() {
        for errorClass in ErrorClass.allCases where !errorClass.burnsAttempt { #expect(errorClass.isRetryable) }
        #expect(TaskFailure(className: "of tomorrow", message: "").known == nil)
        #expect(TaskFailure(.rateLimit, "").errorClass == "rate_limit")
    }

    @Test("Time is counted in whole milliseconds, rounded down")
    func time() {
        let start = Instant(nanoseconds: 1)
        #expect(Instant(nanoseconds: 2_000_000).milliseconds(since: start) == 1)
        #expect((start + .seconds(2)).milliseconds(since: start) == 2000)
        #expect(start + 5 - 5 == start && start < .distantFuture)
    }

    @Test("A blob is named by its hash")
    func blobs() {
        let blob = BlobRef(sha256: [0, 15, 16, 255] + Array(repeating: 0xAB, count: 28), size: 3)
        #expect(blob.hex == "000f10ff" + String(repeating: "ab", count: 28))
        #expect(Content.blob(blob).size == 3 && Content.text("☃").size == 3)
    }

    @Test("Usage adds up without trapping")
    func usage() {
        var usage = Usage(inputTokens: .max, outputTokens: 1, cacheReadInputTokens: 2, cacheCreationInputTokens: 3)
        usage += Usage(inputTokens: 1, outputTokens: 1, cacheReadInputTokens: 1, cacheCreationInputTokens: 1)
        #expect(usage == Usage(inputTokens: 0, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4))
        #expect(usage.total == 9)
    }

    @Test("What fills a frame leaves room for its envelope")
    func limits() {
        #expect(Limits.frameFillBytes + Limits.inlineContentBytes + Limits.failureDetailBytes < Limits.frameBytes)
        #expect(Limits.blobChunkBytes < Limits.frameBytes && Limits.inlineContentBytes < Limits.promptBytes)
        #expect(Limits.optionsPerJob <= Int(UInt16.max) + 1)
    }
}
