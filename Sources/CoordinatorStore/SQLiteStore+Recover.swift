import ClusterModel
import CoordinatorCore
import Foundation
import GRDB

extension SQLiteStore {
    /// Reads everything that a new coordinator goes on from: finished jobs by their summary, the tasks of the others.
    public func recover() throws -> RecoveredState {
        do {
            return try pool.read { db in
                var state = RecoveredState()
                let options = try Self.options(db)
                for row in try Row.fetchAll(db, sql: "SELECT * FROM jobs ORDER BY id") {
                    state.jobs.append(try Self.job(row, options: options, db: db))
                }
                for row in try Row.fetchAll(db, sql: "SELECT row, agent, body FROM assignments ORDER BY row") {
                    let number: Int64 = row["row"]
                    guard let attempts = PackedAttempts.unpack(row["body"]) else {
                        throw StoreError(.broken, "assignment row \(number) is damaged")
                    }
                    state.frame.assignments.append(
                        RecoveredAssignment(
                            row: UInt64(number), agent: AgentID(rawValue: UInt64(bitPattern: row["agent"])),
                            attempts: attempts))
                    state.frame.nextRow = UInt64(number) + 1
                }
                let closed = try Int64.fetchOne(db, sql: "SELECT max(row) FROM attempts") ?? 0
                state.frame.nextRow = max(state.frame.nextRow, UInt64(closed) + 1)
                for row in try Row.fetchAll(db, sql: "SELECT id, name FROM agents ORDER BY id") {
                    state.frame.agents[AgentID(rawValue: UInt64(bitPattern: row["id"]))] = RecoveredAgent(
                        name: row.text("name"))
                }
                state.frame.nextSequence =
                    UInt64(try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM tasks") ?? 0) + 1
                return state
            }
        } catch {
            throw StoreError.from(error, path: path)
        }
    }

    private static func options(_ db: Database) throws -> [Int64: [TaskOptions]] {
        let decoder = JSONDecoder()
        var table: [Int64: [TaskOptions]] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT o.job, o.row, o.body FROM job_options o JOIN jobs j ON j.id = o.job
                WHERE j.finished_at IS NULL ORDER BY o.job, o.row
                """)
        while let row = try rows.next() {
            let body: String = row["body"]
            table[row["job"], default: []].append(try decoder.decode(StoredOptions.self, from: Data(body.utf8)).options)
        }
        return table
    }

    private static func job(_ row: Row, options: [Int64: [TaskOptions]], db: Database) throws -> RecoveredJob {
        let number: Int64 = row["id"]
        let id = JobID(rawValue: UInt32(truncatingIfNeeded: number))
        let finishedAt: Int64? = row["finished_at"]
        var job = RecoveredJob(
            id: id, spec: JobSpec(name: row.text("name"), submitter: row.text("submitter")), key: try key(row["key"]),
            submittedAt: WallTime(milliseconds: row["submitted_at"]),
            finishedAt: finishedAt.map { WallTime(milliseconds: $0) },
            sealed: row["sealed"], options: options[number] ?? [], tasks: [], counts: JobCounts(), usage: Usage(),
            costMicroUSD: 0)
        if finishedAt != nil {
            let body: String = row["summary"]
            let summary = try JSONDecoder().decode(StoredSummary.self, from: Data(body.utf8))
            job.counts = summary.counts
            job.usage = summary.used
            job.costMicroUSD = summary.costMicroUSD
        } else {
            try readTasks(of: id, into: &job, db: db)
            try readAttempts(of: id, into: &job, db: db)
        }
        return job
    }

    private static func readTasks(of id: JobID, into job: inout RecoveredJob, db: Database) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT t.sequence, t.options, e.state, e.attempt, e.input_tokens, e.output_tokens, e.cache_read, e.cache_creation,
                    e.cost, c.task IS NOT NULL AS cancelled
                FROM tasks t LEFT JOIN endings e ON e.id = t.id LEFT JOIN cancels c ON c.task = t.id
                WHERE t.id BETWEEN ? AND ? ORDER BY t.id
                """, arguments: bounds(id))
        while let row = try rows.next() {
            let state: Int64? = row[2]
            job.tasks.append(
                RecoveredTask(
                    sequence: UInt64(row[0] as Int64), options: UInt16(truncatingIfNeeded: row[1] as Int64),
                    end: state.flatMap { TaskState(rawValue: UInt8($0)) }, attempt: UInt32((row[3] as Int64?) ?? 0),
                    cancelRequested: row[9]))
            guard state != nil else { continue }
            job.usage += Usage(
                inputTokens: UInt64(row[4] as Int64), outputTokens: UInt64(row[5] as Int64),
                cacheReadInputTokens: UInt64(row[6] as Int64), cacheCreationInputTokens: UInt64(row[7] as Int64))
            job.costMicroUSD &+= UInt64(row[8] as Int64)
        }
    }

    private static func readAttempts(of id: JobID, into job: inout RecoveredJob, db: Database) throws {
        // Rows grow with time, which the calendar does not have to; row 0 is the late report of an attempt given up before: its last word.
        let rows = try Row.fetchCursor(
            db, sql: "SELECT * FROM attempts WHERE task BETWEEN ? AND ? ORDER BY task, attempt, row = 0, row",
            arguments: bounds(id))
        while let row = try rows.next() {
            let task = TaskID(packed: UInt64(row["task"] as Int64))
            let index = Int(task.index)
            guard index < job.tasks.count else {
                throw StoreError(.broken, "attempts names task \(task), which is not there")
            }
            job.usage += Usage(
                inputTokens: UInt64(row["input_tokens"] as Int64), outputTokens: UInt64(row["output_tokens"] as Int64),
                cacheReadInputTokens: UInt64(row["cache_read"] as Int64),
                cacheCreationInputTokens: UInt64(row["cache_creation"] as Int64))
            job.costMicroUSD &+= UInt64(row["cost"] as Int64)
            job.tasks[index].closedRow = max(job.tasks[index].closedRow, UInt64(row["row"] as Int64))
            guard job.tasks[index].end == nil else { continue }
            job.tasks[index].attempt = UInt32(row["attempt"] as Int64)
            job.tasks[index].failures = UInt8(clamping: row["failures"] as Int64)
            job.tasks[index].givenUp = row["given_up"]
            job.tasks[index].retryAt = WallTime(milliseconds: row["retry_at"])
        }
    }

    static func bounds(_ id: JobID) -> StatementArguments {
        [TaskID(job: id, index: 0).storeKey, TaskID(job: id, index: .max).storeKey]
    }

    private static func key(_ data: Data) throws -> SubmissionKey {
        guard data.count == 16 else { throw StoreError(.broken, "a job's key has \(data.count) bytes instead of 16") }
        return data.withUnsafeBytes { bytes in
            SubmissionKey(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}
