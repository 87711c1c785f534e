import ClusterModel
import Foundation
import GRDB
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

@Suite("A file of version 1")
struct OldFileTests {
    let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/version-1.sql")
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        let file = try DatabaseQueue(path: scratch.path + "/coordinator.sqlite")
        try file.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try file.close()
    }

    private func task(_ job: UInt32, _ index: UInt32) -> TaskID { TaskID(job: JobID(rawValue: job), index: index) }

    @Test("It is brought up, and everything in it is recovered")
    func recovered() throws {
        let store = try SQLiteStore.open(directory: scratch.path, newStoreID: 1)
        #expect(store.storeID.rawValue == 42 && store.term == 4)
        let state = try store.recover()
        #expect(
            state.jobs.map(\.spec) == [
                JobSpec(name: "first ☃"), JobSpec(name: "second", submitter: "anna"), JobSpec(name: "open"),
            ])
        #expect(state.jobs.map(\.key.low) == [1, 2, 3] && state.jobs.map(\.sealed) == [true, true, false])
        let first = state.jobs[0]
        #expect(first.counts.tasks == 3 && first.counts.succeeded == 1 && first.counts.failed == 1)
        #expect(first.counts.cancelled == 1 && first.usage.inputTokens == 10 && first.costMicroUSD == 12)
        #expect(first.finishedAt?.milliseconds == 1_700_000_009_000 && first.tasks.isEmpty && first.retried == 0)
        let second = state.jobs[1]
        #expect(
            second.options == [
                TaskOptions(
                    priority: .critical, model: "opus", permissionMode: "plan", allowedTools: ["Bash(git *)"],
                    disallowedTools: ["Write"], directory: "/srv", timeout: 60_000, maxTurns: 4, budgetMicroUSD: 7,
                    schemaJSON: "{}", maxAttempts: 3),
                TaskOptions(priority: .bulk),
            ])
        #expect(second.tasks.map(\.end) == [.succeeded, nil, nil, nil] && second.tasks.map(\.options) == [0, 1, 0, 1])
        #expect(second.tasks.map(\.sequence) == [4, 5, 6, 7] && second.tasks.map(\.cancelRequested)[1])
        #expect(second.tasks[2].attempt == 1 && second.tasks[2].failures == 1 && !second.tasks[2].givenUp)
        #expect(second.tasks[2].closedRow == 2 && second.tasks[2].retryAt?.milliseconds == 1_700_000_015_000)
        #expect(second.retried == 2 && second.usage.total == 12 && second.costMicroUSD == 3)
        #expect(state.jobs[2].tasks.map(\.queuedAt.milliseconds) == [1_700_000_000_008])
        let frame = state.frame
        #expect(frame.assignments.map(\.row) == [2, 5] && frame.nextRow == 6 && frame.nextSequence == 9)
        #expect(frame.nextJob == 4 && !frame.isPaused && frame.sweeps.isEmpty)
        #expect(frame.agents[AgentID(rawValue: .max)] == RecoveredAgent(name: "beta"))
    }

    @Test("Its payloads are read, and what version 2 knows can be written beside them")
    func goesOn() throws {
        let store = try SQLiteStore.open(directory: scratch.path, newStoreID: 1)
        #expect(try store.prompts([task(2, 1), task(3, 0)]).map(\.size) == [70_000, 8])
        let results = try store.results(of: jobOne, from: 0, limit: 10, bytes: 10_000).results
        #expect(results.map(\.answer) == [.text("answer ☃"), nil, nil] && results[0].input == .text("line"))
        #expect(results[1].failure?.detail == "last words" && results[1].agent == "beta")
        #expect(try store.attempts(of: task(1, 1)).map(\.failure.message) == ["it crashed"])
        #expect(try store.setAside(limit: 10).map(\.answer) == [.text("stray")])
        #expect(try store.referencedBlobs().count == 2)
        try store.commit([
            .jobReopened(jobOne), .taskReopened(task(1, 1), closedRow: 90), .jobChanged(jobOne, JobSwitches(bits: 1)),
            .taskHeld(task(2, 3), why: "to look at"), .queuePaused(true),
            .headKept(
                task(2, 0),
                ConversationHead(
                    transcript: BlobRef(sha256: Array(repeating: 7, count: 32), size: 9), sessionID: "s", turn: 1)),
        ])
        let state = try store.recover()
        #expect(state.jobs[0].tasks.map(\.end) == [.succeeded, nil, .cancelled] && state.jobs[0].switches.isPaused)
        #expect(state.jobs[0].usage.inputTokens == 10 && state.jobs[1].holds.map(\.why) == ["to look at"])
        #expect(state.frame.isPaused && state.jobs[1].heads.map(\.index) == [0])
        #expect(try StoreTools.check(directory: scratch.path).allSatisfy { $0.hasSuffix("is missing") })
    }

    @Test("A check does not bring it up")
    func check() throws {
        #expect(try StoreTools.check(directory: scratch.path).first?.contains("version 1") == true)
    }
}
