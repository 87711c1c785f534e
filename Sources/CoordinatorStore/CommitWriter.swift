import ClusterModel
import CoordinatorCore
import Foundation
import GRDB
import Quotas

/// Writes records with statements that are prepared once, on the connection that writes.
///
/// `@unchecked Sendable`: it is used only inside `pool.write`, which lets one thread in at a time, and at the store's end.
final class CommitWriter: @unchecked Sendable {
    private var prepared: [RawStatement?] = Array(repeating: nil, count: CommitStatement.allCases.count)
    private var lastOptions: (row: TaskOptions, body: String)?
    /// What the store is known to number above; 0 while it isn't known.
    private var highestRow: UInt64 = 0

    /// Gives the statements back: while there are any, their connection can't be closed.
    func finish() { prepared = Array(repeating: nil, count: prepared.count) }

    func write(_ records: [DurableRecord], to db: Database) throws {
        let connection = try db.raw()
        for record in records { try write(record, connection) }
    }

    /// The transaction was not committed: what was learned in it is not so.
    func rolledBack() { highestRow = 0 }

    /// Later rows have higher numbers, after a restart too.
    func keep(row: UInt64, _ db: OpaquePointer) throws {
        guard row > highestRow else { return }
        try run(.keepRowNumber, db, Int64(row) + 1)
        highestRow = row
    }

    func statement(_ name: CommitStatement, _ connection: OpaquePointer) throws -> RawStatement {
        if let known = prepared[name.rawValue] { return known }
        let made = try RawStatement(connection, name.sql, isKept: true)
        prepared[name.rawValue] = made
        return made
    }

    /// Runs a statement whose values are all numbers.
    func run(_ name: CommitStatement, _ connection: OpaquePointer, _ values: Int64...) throws {
        let statement = try statement(name, connection)
        for (offset, value) in values.enumerated() { statement.bind(Int32(offset + 1), value) }
        try statement.run()
    }

    private func write(_ record: DurableRecord, _ db: OpaquePointer) throws {
        switch record {
        case .jobOpened(let id, let spec, let key, let at): try open(id, spec, key, at, db)
        case .optionsAdded(let id, let first, let options):
            let statement = try statement(.addOptions, db)
            for (offset, row) in options.enumerated() {
                statement.bind(1, id.rawValue)
                statement.bind(2, Int64(first) + Int64(offset))
                try statement.bind(3, body(of: row)) { try statement.run() }
            }
        case .tasksAdded(let id, let first, let firstSequence, let tasks, let at):
            try add(tasks, to: id, from: first, sequence: firstSequence, at: at, db)
        case .jobSealed(let id): try run(.sealJob, db, id.storeKey)
        case .assigned(let row, let agent, let numbers, let at):
            let statement = try statement(.assign, db)
            statement.bind(1, Int64(row))
            statement.bind(2, agent.storeKey)
            statement.bind(3, at.milliseconds)
            statement.bind(4, blob: PackedAttempts.pack(numbers))
            try statement.run()
            try keep(row: row, db)
        case .assignmentRetired(let row): try run(.retireAssignment, db, Int64(row))
        case .attemptEnded(let attempt): try end(attempt, db)
        case .taskEnded(let ending): try end(ending, db)
        case .cancelRequested(let task): try run(.requestCancel, db, task.storeKey)
        case .jobFinished(let job):
            let statement = try statement(.finishJob, db)
            if let at = job.finishedAt { statement.bind(1, at.milliseconds) } else { statement.bindNull(1) }
            statement.bind(2, StoredSummary(job).text)
            statement.bind(3, job.id.storeKey)
            try statement.run()
        case .resultSetAside(let result, let agent, let reason, let at):
            try setAside(result, agent: agent, reason: reason, at: at, db)
        case .agentSeen(let agent, let name, let host):
            let statement = try statement(.seeAgent, db)
            statement.bind(1, agent.storeKey)
            statement.bind(2, name)
            statement.bind(3, host)
            try statement.run()
        case .jobChanged, .queuePaused, .optionsChanged, .taskMoved, .taskHeld, .taskReleased, .taskReopened,
            .jobReopened, .agentDrained, .sweepBegun, .sweepEnded, .pruned:
            try control(record, db)
        case .headKept(let task, let head): try keep(head, of: task, db)
        case .headDropped(let task): try run(.dropHead, db, task.storeKey)
        case .quotas(let snapshot): try keep(snapshot, db)
        case .quotaLessons(let lessons): try keep(lessons, db)
        case .budgetChanged(let id, let spec):
            let statement = try statement(.changeSpec, db)
            statement.bind(1, try StoredSpec.text(spec))
            statement.bind(2, id.storeKey)
            try statement.run()
        case .daySpent(let spent):
            try run(
                .spend, db, spent.day, Int64(clamping: spent.spend.microUSD), Int64(clamping: spent.spend.tokens))
            try run(.forgetSpending, db, spent.day - Self.daysKept)
        case .quotaLimit(let name, let limit):
            let statement = try statement(limit == nil ? .dropQuotaLimit : .setQuotaLimit, db)
            statement.bind(1, name)
            if let limit { statement.bind(2, limit.description) }
            try statement.run()
        }
    }

    /// Days whose spending is kept.
    static let daysKept: Int64 = 400

    private func keep(_ lessons: [QuotaLesson], _ db: OpaquePointer) throws {
        let statement = try statement(.keepLesson, db)
        for lesson in lessons {
            statement.bind(1, lesson.kind.rawValue)
            statement.bind(2, lesson.name)
            statement.bind(3, lesson.body)
            statement.bind(4, lesson.at.milliseconds)
            try statement.run()
        }
        guard let newest = lessons.map(\.at.milliseconds).max() else { return }
        try run(.forgetLessons, db, newest - CallDesk.lessonsKept.rawValue)
    }

    private func keep(_ snapshot: QuotaSnapshot, _ db: OpaquePointer) throws {
        let statement = try statement(.recordQuota, db)
        for record in snapshot.records {
            statement.bind(1, record.name)
            switch record.state {
            case .level(let level):
                statement.bind(2, Int64(0))
                statement.bind(3, level)
            case .held(let held):
                statement.bind(2, Int64(1))
                statement.bind(3, held)
            }
            if let until = record.parkedUntil {
                statement.bind(4, until.milliseconds)
            } else {
                statement.bindNull(4)
            }
            statement.bind(5, record.parkedFor.rawValue)
            try statement.run()
        }
    }

    private func control(_ record: DurableRecord, _ db: OpaquePointer) throws {
        switch record {
        case .jobChanged(let id, let switches): try run(.changeJob, db, switches.bits, id.storeKey)
        case .queuePaused(let isPaused): try run(.pauseQueue, db, isPaused ? 1 : 0)
        case .optionsChanged(let id, let row, let options):
            let statement = try statement(.changeOptions, db)
            statement.bind(2, id.storeKey)
            statement.bind(3, row)
            try statement.bind(1, body(of: options)) { try statement.run() }
        case .taskMoved(let task, let options): try run(.moveTask, db, task.storeKey, Int64(options))
        case .taskHeld(let task, let why):
            let statement = try statement(.holdTask, db)
            statement.bind(1, task)
            statement.bind(2, why)
            try statement.run()
        case .taskReleased(let task): try run(.releaseTask, db, task.storeKey)
        case .taskReopened(let task, let closedRow):
            try run(.keepEnding, db, task.storeKey, Int64(closedRow))
            for name in [
                CommitStatement.freshCounts, .dropEnding, .dropAnswer, .dropWorkspace, .dropWorkspaceBlobs, .dropCancel,
                .releaseTask,
            ] {
                try run(name, db, task.storeKey)
            }
        case .jobReopened(let id): try run(.reopenJob, db, id.storeKey)
        case .agentDrained(let agent, let isDrained): try run(.drainAgent, db, agent.storeKey, isDrained ? 1 : 0)
        case .sweepBegun(let id, let kind): try run(.beginSweep, db, id.storeKey, Int64(kind.rawValue))
        case .sweepEnded(let id, let kind): try run(.endSweep, db, id.storeKey, Int64(kind.rawValue))
        case .pruned(let id, let first, let count, let isLast): try prune(id, first, count, isLast, db)
        default: throw StoreError(.broken, "the record \(record) is none of a control verb")
        }
    }

    private func open(_ id: JobID, _ spec: JobSpec, _ key: SubmissionKey, _ at: WallTime, _ db: OpaquePointer) throws {
        let statement = try statement(.openJob, db)
        statement.bind(1, id.storeKey)
        statement.bind(2, spec.name)
        statement.bind(3, spec.submitter)
        statement.bind(4, blob: key.bytes)
        statement.bind(5, at.milliseconds)
        statement.bind(6, try StoredSpec.text(spec))
        var switches = JobSwitches()
        switches.isPaused = spec.isPaused
        statement.bind(7, switches.bits)
        try statement.run()
    }

    /// Equal rows follow each other when one client submits many jobs alike: each is encoded once.
    private func body(of options: TaskOptions) throws -> String {
        if let lastOptions, lastOptions.row == options { return lastOptions.body }
        let body = try StoredOptions(options).text
        lastOptions = (options, body)
        return body
    }

    private func prune(_ id: JobID, _ first: UInt32, _ count: UInt32, _ isLast: Bool, _ db: OpaquePointer) throws {
        if count > 0 {
            let low = TaskID(job: id, index: first).storeKey
            let (last, isBeyond) = first.addingReportingOverflow(count - 1)
            let high = TaskID(job: id, index: isBeyond ? .max : last).storeKey
            for name in [
                CommitStatement.pruneTasks, .prunePrompts, .pruneEndings, .pruneAnswers, .pruneWorkspaces,
                .pruneWorkspaceBlobs, .pruneAttempts, .pruneLinks,
                .pruneHolds, .pruneCancels, .pruneMoves, .pruneHeads,
            ] {
                try run(name, db, low, high)
            }
        }
        guard isLast else { return }
        // Its number is never given out again: results that are under way name it.
        try run(.keepJobNumber, db, id.storeKey + 1)
        for name in [CommitStatement.pruneOptions, .pruneSweeps, .pruneJob] { try run(name, db, id.storeKey) }
    }
}
