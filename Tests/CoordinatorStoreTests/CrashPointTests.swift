import ClusterModel
import CrashVFS
import Foundation
import GRDB
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

/// Commits that use every table, drawn from a seed.
private struct RandomCommits {
    private var random: SplitMix64
    private var jobs: [UInt32: UInt32] = [:]
    private var ended: Set<TaskID> = []
    private var sequence: UInt64 = 1
    private var row: UInt64 = 1

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func below(_ bound: UInt32) -> UInt32 { UInt32(random.next() % UInt64(bound)) }

    mutating func next() -> [DurableRecord] {
        var records = open()
        for _ in 0..<below(4) { records += work() }
        return records
    }

    private mutating func open() -> [DurableRecord] {
        let job = JobID(rawValue: UInt32(jobs.count + 1))
        let count = below(4) + 1
        let text = String(repeating: "p", count: Int(below(6000)))
        let tasks = (0..<count).map { TaskSpec(prompt: .text(text), context: $0 == 1 ? "talk" : "") }
        jobs[job.rawValue] = count
        defer { sequence += UInt64(count) }
        return opened(tasks, job: job, sequence: sequence)
    }

    private mutating func work() -> [DurableRecord] {
        let job = below(UInt32(jobs.count)) + 1
        let task = TaskID(job: JobID(rawValue: job), index: below(jobs[job] ?? 1))
        row += 1
        let number = AttemptNumber(task: task, attempt: UInt32(row))
        switch below(5) {
        case 0: return [.assigned(row: row, agent: AgentID(rawValue: 1), [number], at: noon)]
        case 1:
            return [.taskHeld(task, why: "w\(row)"), .taskMoved(task, options: 0), .assignmentRetired(row: row / 2)]
        case 2 where ended.contains(task):
            ended.remove(task)
            return [.taskReopened(task)]
        default:
            guard ended.insert(task).inserted else { return [.cancelRequested(task)] }
            var result = result(task.index, attempt: number.attempt, .failed, answer: .text("a\(row)"))
            result.token.task = task
            return [
                .taskEnded(
                    EndedTask(
                        task: task, state: .failed, attempt: number.attempt, agent: AgentID(rawValue: 1),
                        result: result,
                        failure: TaskFailure(.permanent, "no", detail: "d\(row)"), at: noon))
            ]
        }
    }
}

@Suite("Loss of power", .serialized)
struct CrashPointTests {
    private let seed: UInt64 = 11
    private let commits = 14

    /// Everything in the file but the term, to compare two stores.
    private func content(_ store: SQLiteStore) throws -> [String] {
        try store.pool.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
            )
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { row in
                    table + ": " + row.map { "\($0.1)" }.joined(separator: " ")
                }
            }.filter { !$0.contains("\"term\"") }.sorted()
        }
    }

    /// Opens the store and commits until the power goes. Returns how many were acknowledged, and how many were tried.
    private func run(in folder: String) -> (acknowledged: Int, tried: Int) {
        var commits = RandomCommits(seed: seed)
        var tried = 0
        var acknowledged = 0
        do {
            let store = try SQLiteStore.open(directory: folder, newStoreID: 42)
            // So that checkpoints come often.
            try store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_autocheckpoint = 20") }
            for done in 0..<self.commits {
                tried = done + 1
                try store.commit(commits.next())
                acknowledged = tried
            }
            try store.close()
        } catch {
            // The power went; what had been tried by then is judged by its traces.
        }
        return (acknowledged, tried)
    }

    @Test("Whenever the power goes, exactly what was acknowledged is there, and at most one transaction more, whole")
    func everyPoint() throws {
        #expect(crash_vfs_install() == 0)
        let scratch = try ScratchDirectory()
        // What is there after each commit, from a store that never crashed.
        var expected: [[String]] = []
        do {
            let store = try SQLiteStore.open(directory: scratch.path + "/calm", newStoreID: 42)
            var commits = RandomCommits(seed: seed)
            expected.append(try content(store))
            for _ in 0..<self.commits {
                try store.commit(commits.next())
                expected.append(try content(store))
            }
        }
        #expect(Set(expected).count == expected.count)
        let whole = scratch.path + "/whole"
        crash_vfs_begin(whole, 0, 0)
        #expect(run(in: whole) == (commits, commits))
        let points = crash_vfs_operations()
        #expect(crash_vfs_end() == 0)
        #expect(points > 100, "the run has \(points) crash points")

        var crashes = 0
        var beyond = 0
        var reached: Set<Int> = []
        for point in 1...max(points, 1) {
            let folder = scratch.path + "/p\(point)"
            crash_vfs_begin(folder, point, UInt32(seed))
            let (acknowledged, tried) = run(in: folder)
            crashes += crash_vfs_power_is_out() != 0 ? 1 : 0
            #expect(crash_vfs_end() == 0, "point \(point): files are still open")
            let store = try SQLiteStore.open(directory: folder, newStoreID: 42)
            let found = try content(store)
            let isThere = found == expected[acknowledged]
            let isOneMore = tried > acknowledged && found == expected[tried]
            beyond += isOneMore ? 1 : 0
            reached.insert(acknowledged)
            #expect(
                isThere || isOneMore, "point \(point): after \(acknowledged) of \(tried) commits other content is there"
            )
            #expect(try StoreTools.check(directory: folder) == [], "point \(point)")
            try store.close()
            try FileManager.default.removeItem(atPath: folder)
            guard isThere || isOneMore else { break }
        }
        print("crash points: \(points), power lost: \(crashes), with one transaction more: \(beyond)")
        #expect(crashes > 0 && crashes == points)
        #expect(reached == Set(0...commits), "the power went after \(reached.sorted()) commits")
    }
}
