import ClusterModel
import CoordinatorCore
import Foundation

/// Reads jobs with their tasks, in order of their numbers, by walking the tables side by side: no join, and no text of a task that
/// has none.
struct JobReader {
    static let jobColumns = "id, name, submitter, key, submitted_at, finished_at, sealed, spec, switches, summary"

    private var options: TableWalk
    private var tasks: TableWalk
    private var endings: TableWalk
    private var cancels: TableWalk
    private var moves: TableWalk
    private var attempts: TableWalk
    private var links: TableWalk
    private var holds: TableWalk
    private var heads: TableWalk
    private var lastOptions: (body: String, row: TaskOptions)?

    init(_ db: OpaquePointer) throws {
        options = try TableWalk(db, "SELECT job, body FROM job_options WHERE job >= ? ORDER BY job, row")
        tasks = try TableWalk(db, "SELECT id, sequence, options, queued_at FROM tasks WHERE id >= ? ORDER BY id")
        endings = try TableWalk(
            db,
            """
            SELECT id, state, attempt, input_tokens, output_tokens, cache_read, cache_creation, cost
            FROM endings WHERE id >= ? ORDER BY id
            """)
        cancels = try TableWalk(db, "SELECT task FROM cancels WHERE task >= ? ORDER BY task")
        moves = try TableWalk(db, "SELECT task, options FROM moves WHERE task >= ? ORDER BY task")
        attempts = try TableWalk(
            db,
            """
            SELECT task, attempt, row, failures, crashes, given_up, retry_at, input_tokens, output_tokens, cache_read,
                cache_creation, cost
            FROM attempts WHERE task >= ? ORDER BY task, attempt, row
            """)
        links = try TableWalk(db, "SELECT id, after, context, fork FROM links WHERE id >= ? ORDER BY id")
        holds = try TableWalk(db, "SELECT task, why FROM holds WHERE task >= ? ORDER BY task")
        heads = try TableWalk(
            db, "SELECT task, blob, size, session, turn, agent, instance FROM heads WHERE task >= ? ORDER BY task")
    }

    /// The job of a row of ``jobColumns``; with its tasks if it has not finished, or if it is wanted `whole`.
    mutating func job(_ row: RawStatement, whole: Bool = false) throws -> RecoveredJob {
        let id = JobID(rawValue: UInt32(truncatingIfNeeded: row.int(0)))
        guard let key = row.bytes(3, { SubmissionKey(bytes: $0) }) else {
            throw StoreError(.broken, "the key of job \(id) is damaged: restore a backup")
        }
        var job = RecoveredJob(
            id: id, spec: try Self.spec(row, id), key: key, submittedAt: row.time(4),
            finishedAt: row.isNull(5) ? nil : row.time(5), sealed: row.int(6) != 0,
            switches: JobSwitches(bits: row.int(8)), options: [], tasks: [], counts: JobCounts(), usage: Usage(),
            costMicroUSD: 0)
        if job.finishedAt == nil || whole {
            try readOptions(&job)
            try readTasks(&job)
            try readLinks(&job)
            try readHeads(&job)
        }
        guard job.finishedAt != nil else { return job }
        guard let summary = StoredSummary(text: row.text(9)) else {
            throw StoreError(.broken, "the summary of job \(id) is damaged: restore a backup")
        }
        job.counts = summary.counts
        job.usage = summary.usage
        job.costMicroUSD = summary.costMicroUSD
        job.retried = summary.retried
        return job
    }

    private static func spec(_ row: RawStatement, _ id: JobID) throws -> JobSpec {
        do {
            return try StoredSpec.spec(row.text(7), name: row.text(1), submitter: row.text(2))
        } catch {
            throw StoreError(.broken, "the rules of job \(id) are damaged (\(error)): restore a backup")
        }
    }

    private mutating func readOptions(_ job: inout RecoveredJob) throws {
        try options.seek(job.id.storeKey)
        while options.isAt(job.id.storeKey) {
            let body = options.row.text(1)
            if let lastOptions, lastOptions.body == body {
                job.options.append(lastOptions.row)
            } else {
                do {
                    let row = try JSONDecoder().decode(StoredOptions.self, from: Data(body.utf8)).options
                    job.options.append(row)
                    lastOptions = (body, row)
                } catch {
                    throw StoreError(.broken, "the options of job \(job.id) are damaged (\(error)): restore a backup")
                }
            }
            try options.advance()
        }
    }

    private mutating func readTasks(_ job: inout RecoveredJob) throws {
        let low = TaskID(job: job.id, index: 0).storeKey
        let high = TaskID(job: job.id, index: .max).storeKey
        try tasks.seek(low)
        try endings.seek(low)
        try cancels.seek(low)
        try moves.seek(low)
        try attempts.seek(low)
        while tasks.isWithin(high), let key = tasks.key {
            guard key == low + Int64(job.tasks.count) else {
                throw StoreError(.broken, "task \(job.id).\(job.tasks.count) is missing: restore a backup")
            }
            var task = RecoveredTask(
                sequence: tasks.row.unsigned(1), options: UInt16(truncatingIfNeeded: tasks.row.int(2)),
                queuedAt: tasks.row.time(3))
            try tasks.advance()
            if moves.isAt(key) {
                task.options = UInt16(truncatingIfNeeded: moves.row.int(1))
                try moves.advance()
            }
            if cancels.isAt(key) {
                task.cancelRequested = true
                try cancels.advance()
            }
            if endings.isAt(key) { try readEnding(&task, &job) }
            if attempts.isAt(key) { try readAttempts(key, &task, &job) }
            job.tasks.append(task)
        }
        if endings.isWithin(high) || attempts.isWithin(high), let key = endings.key ?? attempts.key {
            let task = TaskID(packed: UInt64(bitPattern: key))
            throw StoreError(.broken, "the store names task \(task), which is not there: restore a backup")
        }
    }

    private mutating func readEnding(_ task: inout RecoveredTask, _ job: inout RecoveredJob) throws {
        let row = endings.row
        guard let state = TaskState(rawValue: UInt8(truncatingIfNeeded: row.int(1))) else {
            throw StoreError(.broken, "the end of task \(row.task(0)) is damaged: restore a backup")
        }
        task.end = state
        task.attempt = UInt32(truncatingIfNeeded: row.int(2))
        let (usage, cost) = (row.usage(3), row.unsigned(7))
        job.usage += usage
        job.costMicroUSD &+= cost
        if usage.total > 0 || cost > 0 { job.reports += 1 }
        try endings.advance()
    }

    /// In order of attempts, then of rows; row 0 comes first and is the last word on its attempt: a report that came late.
    private mutating func readAttempts(_ key: Int64, _ task: inout RecoveredTask, _ job: inout RecoveredJob) throws {
        var lateReport: UInt32?
        while attempts.isAt(key) {
            let row = attempts.row
            let attempt = UInt32(truncatingIfNeeded: row.int(1))
            let (usage, cost) = (row.usage(7), row.unsigned(11))
            job.usage += usage
            job.costMicroUSD &+= cost
            if usage.total > 0 || cost > 0 { job.reports += 1 }
            job.retried += 1
            task.closedRow = max(task.closedRow, row.unsigned(2))
            if task.end == nil, attempt != lateReport {
                task.attempt = attempt
                task.failures = UInt8(clamping: row.int(3))
                task.crashes = UInt8(clamping: row.int(4))
                task.givenUp = row.int(5) == 1
                task.retryAt = row.time(6)
            }
            if row.int(2) == 0 { lateReport = attempt }
            try attempts.advance()
        }
    }

    private mutating func readHeads(_ job: inout RecoveredJob) throws {
        let high = TaskID(job: job.id, index: .max).storeKey
        try heads.seek(TaskID(job: job.id, index: 0).storeKey)
        while heads.isWithin(high) {
            let row = heads.row
            let index = row.task(0).index
            guard Int(index) < job.tasks.count else {
                throw StoreError(.broken, "the store names task \(row.task(0)), which is not there: restore a backup")
            }
            let agent = row.unsigned(5)
            job.heads.append(
                RecoveredHead(
                    index: index,
                    head: ConversationHead(
                        transcript: BlobRef(sha256: row.blob(1), size: row.unsigned(2)), sessionID: row.text(3),
                        turn: UInt32(truncatingIfNeeded: row.int(4)),
                        agent: agent == 0 ? nil : AgentID(rawValue: agent), instance: row.text(6))))
            try heads.advance()
        }
    }

    private mutating func readLinks(_ job: inout RecoveredJob) throws {
        let low = TaskID(job: job.id, index: 0).storeKey
        let high = TaskID(job: job.id, index: .max).storeKey
        try links.seek(low)
        while links.isWithin(high) {
            let id = links.row.task(0)
            guard let after = links.row.bytes(1, PackedLinks.unpack) else {
                throw StoreError(.broken, "what task \(id) waits for is damaged: restore a backup")
            }
            job.links.append(
                RecoveredLinks(index: id.index, after: after, context: links.row.text(2), fork: links.row.text(3)))
            try links.advance()
        }
        try holds.seek(low)
        while holds.isWithin(high) {
            let index = holds.row.task(0).index
            // One that ended while it was held is held no more.
            if Int(index) < job.tasks.count, job.tasks[Int(index)].end == nil {
                job.holds.append(RecoveredHold(index: index, why: holds.row.text(1)))
            }
            try holds.advance()
        }
    }
}
