import ClusterModel
import ClusterWire
import CoordinatorClient
import Synchronization
import Testing

/// What comes back is read whole, with what is not known told apart from zero.
@Suite struct QueryTests {
    private static let task = TaskID(job: JobID(rawValue: 7), index: 12)

    /// A client that gets `body` for whatever it asks.
    private static func client(_ body: Ccorchestrator_V1_ClientReply.OneOf_Body) throws -> CoordinatorClient {
        try FakeCoordinator { _, _ in body }.client()
    }

    @Test func whySaysWhatIsNotKnown() async throws {
        var why = Ccorchestrator_V1_Why()
        why.state = "queued"
        var reason = Ccorchestrator_V1_Reason()
        reason.code = "place"
        reason.text = "others go first"
        why.reasons = [reason]
        why.ahead = -1
        why.estimatedStartMs = 0
        let client = try Self.client(.why(why))
        let got = try await client.why(Self.task)
        await client.close()
        #expect(
            got
                == WhySummary(
                    state: "queued", reasons: [.init(code: "place", text: "others go first")], ahead: nil,
                    estimatedStart: 0))
    }

    @Test func attemptsKeepTheirFailures() async throws {
        var reply = Ccorchestrator_V1_Attempts()
        var failed = Ccorchestrator_V1_EndedAttempt()
        failed.attempt = 1
        failed.agent = "a"
        failed.error = TaskFailure(.timeout, "it took too long").proto
        failed.endedAtMs = 5
        var lost = Ccorchestrator_V1_EndedAttempt()
        lost.attempt = 2
        lost.givenUp = true
        reply.attempts = [failed, lost]
        let client = try Self.client(.attempts(reply))
        let got = try await client.attempts(at: Self.task)
        await client.close()
        #expect(
            got == [
                AttemptSummary(
                    attempt: 1, agent: "a", failure: TaskFailure(.timeout, "it took too long"),
                    endedAt: WallTime(milliseconds: 5)),
                AttemptSummary(attempt: 2, givenUp: true),
            ])
    }

    @Test func whatWasSetAsideNamesItsAttempt() async throws {
        var reply = Ccorchestrator_V1_SetAside()
        var result = Ccorchestrator_V1_SetAsideResult()
        result.store = 9
        result.job = 7
        result.index = 12
        result.attempt = 3
        result.reason = "ended"
        result.state = .failed
        result.message = "m"
        reply.results = [result]
        let client = try Self.client(.setAside(reply))
        let got = try await client.setAside()
        await client.close()
        let token = AttemptToken(store: StoreID(rawValue: 9), task: Self.task, attempt: 3)
        #expect(
            got == [
                SetAsideResult(
                    token: token, agent: "", reason: "ended", at: WallTime(milliseconds: 0), state: .failed,
                    message: "m")
            ])
    }

    @Test func pruneNamesJobsInPieces() async throws {
        let fake = FakeCoordinator { request, _ in
            var reply = Ccorchestrator_V1_Pruned()
            reply.jobs = UInt32(request.prune.jobs.count)
            reply.tasks = 2
            return .pruned(reply)
        }
        let client = try fake.client()
        let jobs = (1...2500).map { JobID(rawValue: $0) }
        #expect(try await client.prune(jobs, isRehearsal: true) == PruneOutcome(jobs: 2500, tasks: 6))
        _ = try await client.prune(finishedLongerAgoThan: .seconds(60))
        await client.close()
        #expect(fake.requests.map(\.prune.jobs.count) == [1000, 1000, 500, 0])
        #expect(fake.requests.map(\.prune.dryRun) == [true, true, true, false])
        #expect(fake.requests.last?.prune.olderThanMs == 60_000)
    }

    @Test func aBackupTellsItsSize() async throws {
        var reply = Ccorchestrator_V1_BackedUp()
        reply.bytes = 10
        reply.blobs = 2
        let client = try Self.client(.backedUp(reply))
        #expect(try await client.backup(to: "/srv/copy") == BackupOutcome(bytes: 10, blobs: 2))
        await client.close()
    }

    @Test func manyJobsComePageByPage() async throws {
        // Jobs 1 to 3,500 without those from 500 to 2,400: they were forgotten.
        let there = (1...3500).filter { !(500...2400).contains($0) }
        let fake = FakeCoordinator { request, _ in
            let query = request.getJobs
            let wanted = Set(query.jobs)
            let found =
                query.jobs.isEmpty
                ? Array(there.reversed().prefix(Int(query.limit))) : there.filter { wanted.contains(UInt64($0)) }
            var reply = Ccorchestrator_V1_Jobs()
            reply.jobs = found.map { number in
                var job = Ccorchestrator_V1_JobSummary()
                job.job = UInt64(number)
                job.blocked = 3
                job.held = 2
                job.paused = true
                job.retried = 5
                return job
            }
            return .jobs(reply)
        }
        let client = try fake.client()
        var seen: [JobSummary] = []
        try await client.eachPageOfJobs { page in
            seen += page
            return true
        }
        #expect(seen.map(\.job.rawValue) == there.reversed().map(UInt32.init))
        #expect(seen[0].blocked == 3 && seen[0].held == 2 && seen[0].isPaused && seen[0].retried == 5)
        var pages = 0
        try await client.eachPageOfJobs { _ in
            pages += 1
            return false
        }
        #expect(pages == 1)
        await client.close()
    }
}
