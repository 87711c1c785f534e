import ClusterModel
import CoordinatorCore
import GRDB
import Quotas

extension SQLiteStore {
    /// Reads everything that a new coordinator goes on from beside its jobs.
    public func recoverFrame() throws -> RecoveredFrame { try reading { db in try Self.frame(try db.raw()) } }

    /// Gives every job in order of its number, one at a time: finished ones by their summary, the others with their tasks.
    ///
    /// - Throws: ``StoreError``, and what `each` throws.
    public func recoverJobs(_ each: (RecoveredJob) throws -> Void) throws {
        // What `each` throws is the caller's own, and goes back as it is.
        var refused: (any Error)?
        try reading { db in
            let connection = try db.raw()
            var reader = try JobReader(connection)
            let rows = try RawStatement(connection, "SELECT \(JobReader.jobColumns) FROM jobs ORDER BY id")
            while refused == nil, try rows.step() {
                let job = try reader.job(rows)
                do { try each(job) } catch { refused = error }
            }
        }
        if let refused { throw refused }
    }

    /// One job with all its tasks, whether it has finished or not; nil when there is none of that number.
    public func recoverJob(_ id: JobID) throws -> RecoveredJob? {
        try reading { db in
            let connection = try db.raw()
            let rows = try RawStatement(connection, "SELECT \(JobReader.jobColumns) FROM jobs WHERE id = ?")
            rows.bind(1, id.storeKey)
            guard try rows.step() else { return nil }
            var reader = try JobReader(connection)
            return try reader.job(rows, whole: true)
        }
    }

    private static func frame(_ db: OpaquePointer) throws -> RecoveredFrame {
        var frame = RecoveredFrame()
        let rows = try RawStatement(db, "SELECT row, agent, body FROM assignments ORDER BY row")
        while try rows.step() {
            guard let attempts = rows.bytes(2, PackedAttempts.unpack) else {
                throw StoreError(.broken, "assignment row \(rows.int(0)) is damaged: restore a backup")
            }
            frame.assignments.append(
                RecoveredAssignment(
                    row: rows.unsigned(0), agent: AgentID(rawValue: rows.unsigned(1)), attempts: attempts))
        }
        let agents = try RawStatement(db, "SELECT id, name, drained FROM agents")
        while try agents.step() {
            frame.agents[AgentID(rawValue: agents.unsigned(0))] = RecoveredAgent(
                name: agents.text(1), isDrained: agents.int(2) != 0)
        }
        let sweeps = try RawStatement(db, "SELECT job, kind FROM sweeps ORDER BY n")
        while try sweeps.step() {
            // A kind of a newer version can't be here: its file would not have been opened.
            guard let kind = SweepKind(rawValue: UInt8(truncatingIfNeeded: sweeps.int(1))) else {
                throw StoreError(.broken, "a sweep over job \(sweeps.int(0)) is damaged: restore a backup")
            }
            frame.sweeps.append(
                RecoveredSweep(job: JobID(rawValue: UInt32(truncatingIfNeeded: sweeps.int(0))), kind: kind))
        }
        let quotas = try RawStatement(
            db, "SELECT name, kind, value, parked_until, parked_for FROM quotas ORDER BY name")
        while try quotas.step() {
            frame.quotas.append(
                QuotaRecord(
                    name: quotas.text(0), state: quotas.int(1) == 0 ? .level(quotas.int(2)) : .held(quotas.int(2)),
                    parkedUntil: quotas.isNull(3) ? nil : WallTime(milliseconds: quotas.int(3)),
                    parkedFor: Milliseconds(quotas.int(4))))
        }
        let limits = try RawStatement(db, "SELECT name, body FROM quota_limits ORDER BY name")
        while try limits.step() {
            frame.quotaLimits.append(RecoveredLimit(name: limits.text(0), limit: limits.text(1)))
        }
        let lessons = try RawStatement(
            db, "SELECT kind, name, body, at FROM quota_lessons ORDER BY at DESC, kind, name")
        while try lessons.step() {
            // A kind of a newer version can't be here: its file would not have been opened.
            guard let kind = QuotaLesson.Kind(rawValue: lessons.int(0)) else { continue }
            frame.quotaLessons.append(
                QuotaLesson(
                    kind: kind, name: lessons.text(1), body: lessons.text(2),
                    at: WallTime(milliseconds: lessons.int(3))))
        }
        let spending = try RawStatement(db, "SELECT day, cost, tokens FROM spending ORDER BY day DESC LIMIT 1")
        if try spending.step() {
            frame.spent = DaySpend(
                day: spending.int(0), spend: Spend(microUSD: spending.unsigned(1), tokens: spending.unsigned(2)))
        }
        frame.nextRow = UInt64(try number(db, "SELECT value FROM meta WHERE key = 'next_row'"))
        // A job's tasks have growing sequences, so that its last one has its highest.
        frame.nextSequence =
            UInt64(
                try number(
                    db,
                    """
                    SELECT max((SELECT sequence FROM tasks WHERE id BETWEEN j.id << 32 AND (j.id << 32) | 4294967295
                        ORDER BY id DESC LIMIT 1)) FROM jobs j
                    """)) + 1
        let highest = try number(db, "SELECT max(id) FROM jobs")
        let kept = try number(db, "SELECT value FROM meta WHERE key = 'next_job'")
        frame.nextJob = UInt32(clamping: max(highest + 1, kept))
        frame.isPaused = try number(db, "SELECT value FROM meta WHERE key = 'paused'") != 0
        return frame
    }

    private static func number(_ db: OpaquePointer, _ sql: String) throws -> Int64 {
        let statement = try RawStatement(db, sql)
        return try statement.step() ? statement.int(0) : 0
    }
}
