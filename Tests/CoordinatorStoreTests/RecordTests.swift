import ClusterModel
import GRDB
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

@Suite("What the store shows beside results")
struct RecordTests {
    let scratch: ScratchDirectory
    let store: SQLiteStore
    private let agent = AgentID(rawValue: .max)

    init() throws {
        scratch = try ScratchDirectory()
        store = try SQLiteStore.open(directory: scratch.path, newStoreID: 42)
        try store.commit(
            opened((0..<4).map { TaskSpec(prompt: .text("p\($0)")) }) + [.agentSeen(agent, name: "höst", host: "h")])
    }

    private func task(_ index: UInt32) -> TaskID { TaskID(job: jobOne, index: index) }

    @Test("A listing says why a task is held, and goes by the options it has now")
    func listing() throws {
        try store.commit([
            .optionsAdded(jobOne, first: 1, [TaskOptions(priority: .critical)]), .taskHeld(task(0), why: "a\0☃"),
            .taskMoved(task(1), options: 1), .optionsChanged(jobOne, row: 0, TaskOptions(priority: .low)),
            .taskHeld(task(2), why: "gone"), ended(result(2)),
        ])
        let tasks = try store.tasks(of: jobOne, from: 0, limit: 10)
        #expect(tasks.map(\.heldBecause) == ["a\0☃", nil, nil, nil])
        #expect(tasks.map(\.priority) == [.low, .critical, .low, .low])
    }

    @Test("All attempts of a task are shown, those before a retry by the user too")
    func attempts() throws {
        let failure = TaskFailure(className: "of tomorrow", message: "no\0", detail: "why")
        try store.commit([
            failed(0, attempt: 1, row: 1, givenUp: true, at: 5), failed(0, attempt: 1, row: 0, givenUp: false, at: 7),
            ended(result(0, attempt: 2, .failed, failure: failure)),
            // Given up with its agent: no report came.
            .taskEnded(
                EndedTask(
                    task: task(1), state: .failed, attempt: 3, agent: agent, result: nil,
                    failure: TaskFailure(.lost, "silent"), at: noon)),
            // Never held by an agent.
            .taskEnded(
                EndedTask(
                    task: task(2), state: .expired, attempt: 0, agent: nil, result: nil,
                    failure: TaskFailure(.expired, "late"), at: noon)),
        ])
        #expect(try store.attempts(of: task(0)).map(\.attempt) == [1, 1])
        try store.commit((0..<3).map { .taskReopened(task($0), closedRow: 50) })
        let shown = try store.attempts(of: task(0))
        #expect(shown.map(\.attempt) == [1, 1, 2] && shown.map(\.givenUp) == [true, false, false])
        #expect(shown.map(\.endedAt.milliseconds) == [5, 7, noon.milliseconds + 9])
        #expect(shown[2].failure == failure && shown[2].agent == "höst" && shown[2].instance == "i-1")
        #expect(shown[2].usage.total == 10 && shown[2].costMicroUSD == 5)
        #expect(try store.attempts(of: task(1)).map(\.givenUp) == [true])
        #expect(try store.attempts(of: task(2)).isEmpty)
        #expect(try store.results(of: jobOne, from: 0, limit: 9, bytes: 9999).results.isEmpty)
        // A result that never came is no repeat; one that is kept among the attempts is.
        try store.commit([
            .resultSetAside(result(0, attempt: 2), agent: agent, reason: .stale, at: noon),
            .resultSetAside(result(1, attempt: 3), agent: agent, reason: .stale, at: noon),
        ])
        #expect(try store.setAside(limit: 9).map(\.token.task.index) == [1])
    }

    @Test(
        "A worktree's outcome comes with its result; its blobs count as named until the task is tried again or forgotten"
    )
    func workspaces() throws {
        let blobs = [UInt8(1), 2].map { BlobRef(sha256: Array(repeating: $0, count: 32), size: 70_000) }
        let outcome = WorkspaceOutcome(
            base: "abc", changes: [.init(kind: "M", path: "a\0☃"), .init(kind: "A", path: "b")], changeCount: 2,
            patch: .blob(blobs[0]),
            artifacts: [.init(name: "x", content: .text("small")), .init(name: "y", content: .blob(blobs[1]))],
            branch: "fleet/1")
        var first = result(0)
        first.workspace = outcome
        var second = result(1)
        second.workspace = WorkspaceOutcome(base: "abc")
        try store.commit([ended(first), ended(second), ended(result(2))])
        let page = try store.results(of: jobOne, from: 0, limit: 9, bytes: 99_999).results
        #expect(page.map(\.workspace) == [outcome, WorkspaceOutcome(base: "abc"), nil])
        #expect(try store.referencedBlobs() == Set(blobs.map(\.sha256)))
        try store.commit([.taskReopened(task(0), closedRow: 50)])
        #expect(try store.referencedBlobs().isEmpty)
        try store.commit([
            ended(first),
            .optionsAdded(
                jobOne, first: 1,
                [
                    TaskOptions(
                        workspace: Workspace(
                            repository: "/r", ref: "v1", artifacts: ["*"], pushBranch: "b"))
                ]),
        ])
        #expect(try store.referencedBlobs().count == 2)
        try store.commit([.pruned(jobOne, first: 0, count: 4, isLast: false)])
        #expect(try store.referencedBlobs().isEmpty)
    }

    @Test("Results set aside come latest first, with their blobs, which count as named")
    func setAside() throws {
        let blob = BlobRef(sha256: Array(repeating: 9, count: 32), size: 70_000)
        let stranger = AgentID(rawValue: 0xabc)
        try store.commit([
            .resultSetAside(
                result(0, store: 43, answer: .text("a\0b")), agent: agent, reason: .otherStore, at: noon),
            .resultSetAside(
                result(9, .failed, answer: .blob(blob), failure: TaskFailure(.crash, "x")), agent: stranger,
                reason: .unknownTask, at: noon),
        ])
        let shown = try store.setAside(limit: 9)
        #expect(shown.map(\.agent) == ["abc", "höst"] && shown.map(\.reason) == ["unknown task", "other store"])
        #expect(shown.map(\.answer) == [.blob(blob), .text("a\0b")] && shown.map(\.message) == ["x", ""])
        #expect(shown.map(\.token.store.rawValue) == [42, 43] && shown.map(\.state) == [.failed, .succeeded])
        #expect(try store.setAside(limit: 1).count == 1)
        #expect(try store.referencedBlobs() == [blob.sha256])
    }

    @Test(
        "Assignment rows are numbered on after a restart, whatever became of those before, and of a commit that failed")
    func rows() throws {
        let one = AttemptNumber(task: task(0), attempt: 1)
        try store.commit([.assigned(row: 3, agent: agent, [one], at: noon), .assignmentRetired(row: 3)])
        #expect(try store.recoverFrame().nextRow == 4)
        #expect(throws: StoreError.self) {
            try store.commit([
                .assigned(row: 9, agent: agent, [one], at: noon),
                .jobOpened(
                    jobOne, spec: JobSpec(), key: SubmissionKey(high: 0, low: 0), at: noon),
            ])
        }
        #expect(try store.recoverFrame().nextRow == 4)
        try store.commit([.assigned(row: 8, agent: agent, [one], at: noon)])
        try store.commit([.assigned(row: 5, agent: agent, [one], at: noon)])
        #expect(try store.recoverFrame().nextRow == 9)
    }

    @Test("Nothing of a pruned job stays in any table")
    func pruned() throws {
        try store.commit([
            .taskHeld(task(0), why: "x"), .taskMoved(task(1), options: 0), .cancelRequested(task(2)),
            failed(3, attempt: 1, row: 1, givenUp: false), ended(result(3, answer: .text("a"))),
            .headKept(
                task(3),
                ConversationHead(
                    transcript: BlobRef(sha256: Array(repeating: 9, count: 32), size: 1), sessionID: "s", turn: 1)),
            .sweepBegun(jobOne, .prune),
            .pruned(jobOne, first: 0, count: .max, isLast: true),
        ])
        try store.pool.read { db throws in
            for table in [
                "jobs", "job_options", "tasks", "prompts", "attempts", "endings", "answers", "cancels", "links",
                "holds",
                "moves", "sweeps", "heads",
            ] {
                let left = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
                #expect(left == 0, "\(table)")
            }
        }
        #expect(try StoreTools.check(directory: scratch.path) == [])
    }

    @Test("The log of a store that writes much stays small, and gives back what a reader made it take")
    func log() throws {
        let text = String(repeating: "x", count: 30_000)
        func write(_ jobs: Range<UInt32>) throws {
            for job in jobs {
                let tasks = (0..<20).map { _ in TaskSpec(prompt: .text(text)) }
                try store.commit(opened(tasks, job: JobID(rawValue: job), sequence: UInt64(job) * 100))
            }
        }
        try write(2..<60)
        #expect(try FileSync.size(store.path + "-wal") < UInt64(2 * SQLiteStore.walPages * 4096))
        // While somebody reads an old state, it has to grow.
        try store.pool.read { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM jobs")
            try write(60..<200)
            #expect(try FileSync.size(store.path + "-wal") > UInt64(SQLiteStore.walBytesKept))
        }
        try write(200..<220)
        #expect(try FileSync.size(store.path + "-wal") <= UInt64(SQLiteStore.walBytesKept))
    }
}
