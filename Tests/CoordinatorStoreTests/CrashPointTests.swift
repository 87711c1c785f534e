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
            return [.taskReopened(task, closedRow: row)]
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
    private func run(in folder: String, pragmas: String) -> (acknowledged: Int, tried: Int) {
        var commits = RandomCommits(seed: seed)
        var tried = 0
        var acknowledged = 0
        do {
            let store = try SQLiteStore.open(directory: folder, newStoreID: 42)
            try store.pool.writeWithoutTransaction { db in try db.execute(sql: pragmas) }
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

    /// What is there after each commit, from a store that never crashed.
    private func expected(in folder: String) throws -> [[String]] {
        let store = try SQLiteStore.open(directory: folder, newStoreID: 42)
        var commits = RandomCommits(seed: seed)
        var expected = [try content(store)]
        for _ in 0..<self.commits {
            try store.commit(commits.next())
            expected.append(try content(store))
        }
        #expect(Set(expected).count == expected.count)
        return expected
    }

    private struct Outcome {
        var points = 0
        var crashes = 0
        /// A transaction more than was acknowledged was there.
        var oneMore = 0
        /// Commits that were acknowledged when the power went.
        var reached: Set<Int> = []
        var wrong: [String] = []
    }

    /// Lets the power go in each operation of the run (in every `stride`th), and looks at what is there afterwards.
    private func crashEverywhere(_ scratch: String, pragmas: String, stride step: Int = 1) throws -> Outcome {
        try #require(crash_vfs_install() == 0)
        let expected = try expected(in: scratch + "/calm")
        var outcome = Outcome()
        crash_vfs_begin(scratch + "/whole", 0, 0)
        #expect(run(in: scratch + "/whole", pragmas: pragmas) == (commits, commits))
        outcome.points = crash_vfs_operations()
        #expect(crash_vfs_end() == 0)
        for point in stride(from: 1, through: outcome.points, by: step) {
            let folder = scratch + "/p\(point)"
            crash_vfs_begin(folder, point, UInt32(seed))
            let (acknowledged, tried) = run(in: folder, pragmas: pragmas)
            outcome.crashes += crash_vfs_power_is_out() != 0 ? 1 : 0
            #expect(crash_vfs_end() == 0, "point \(point): files are still open")
            outcome.reached.insert(acknowledged)
            do {
                let store = try SQLiteStore.open(directory: folder, newStoreID: 42)
                let found = try content(store)
                let isOneMore = tried > acknowledged && found == expected[tried]
                outcome.oneMore += isOneMore ? 1 : 0
                if found != expected[acknowledged], !isOneMore {
                    outcome.wrong.append(
                        "point \(point): after \(acknowledged) of \(tried) commits other content is there")
                }
                outcome.wrong += try StoreTools.check(directory: folder).map { "point \(point): \($0)" }
                try store.close()
            } catch {
                outcome.wrong.append("point \(point): \(error)")
            }
            try FileManager.default.removeItem(atPath: folder)
        }
        return outcome
    }

    /// So that checkpoints come often.
    private let checkpoints = "PRAGMA wal_autocheckpoint = 20;"

    @Test("Whenever the power goes, exactly what was acknowledged is there, and at most one transaction more, whole")
    func everyPoint() throws {
        let scratch = try ScratchDirectory()
        let outcome = try crashEverywhere(scratch.path, pragmas: checkpoints)
        print(
            "crash points: \(outcome.points), power lost: \(outcome.crashes), one transaction more: \(outcome.oneMore)")
        #expect(outcome.wrong.isEmpty, "\(outcome.wrong.count) of \(outcome.points): \(outcome.wrong.prefix(3))")
        #expect(outcome.points > 100 && outcome.crashes == outcome.points && outcome.oneMore > 0)
        #expect(outcome.reached == Set(0...commits), "the power went after \(outcome.reached.sorted()) commits")
    }

    @Test("A store that doesn't wait for the disk is caught")
    func planted() throws {
        let scratch = try ScratchDirectory()
        let outcome = try crashEverywhere(scratch.path, pragmas: checkpoints + "PRAGMA synchronous = OFF;", stride: 7)
        #expect(outcome.crashes > 0 && outcome.wrong.count > 5, "\(outcome.wrong.count) of \(outcome.crashes)")
    }
}
