import ClusterModel
import CoordinatorCore
import Foundation
import GRDB

extension SQLiteStore {
    /// Writes the records in one transaction, which is on disk when this returns. On an error nothing of it is there.
    public func commit(_ records: [DurableRecord]) throws {
        do {
            try pool.write { db in
                for record in records { try Self.write(record, to: db) }
            }
        } catch {
            let trouble = StoreError.from(error, path: path)
            if trouble.code == .diskFull { giveBackRoom() }
            throw trouble
        }
    }

    /// What a transaction wrote before the disk was full stays in the write-ahead log's file, which then holds the room that is missing.
    private func giveBackRoom() {
        do {
            _ = try pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        } catch {
            // No room for that either, or a reader is under way: the transaction's own error says what to do.
        }
    }

    private static func write(_ record: DurableRecord, to db: Database) throws {
        switch record {
        case .jobOpened(let id, let spec, let key, let at):
            try run(
                db, "INSERT INTO jobs (id, name, submitter, key, submitted_at) VALUES (?, ?, ?, ?, ?)",
                [
                    Int64(id.rawValue), StoredText.value(spec.name), StoredText.value(spec.submitter), data(key),
                    at.milliseconds,
                ])
        case .optionsAdded(let id, let first, let options):
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            for (offset, row) in options.enumerated() {
                let body = String(decoding: try encoder.encode(StoredOptions(row)), as: UTF8.self)
                try run(
                    db, "INSERT INTO job_options (job, row, body) VALUES (?, ?, ?)",
                    [Int64(id.rawValue), Int64(first) + Int64(offset), body])
            }
        case .tasksAdded(let id, let first, let firstSequence, let tasks, let at):
            for (offset, task) in tasks.enumerated() {
                let key = TaskID(job: id, index: first + UInt32(offset)).storeKey
                try run(
                    db, "INSERT INTO tasks (id, sequence, options, queued_at) VALUES (?, ?, ?, ?)",
                    [key, Int64(firstSequence) + Int64(offset), Int64(task.options), at.milliseconds])
                let (text, blob) = columns(task.prompt)
                try run(
                    db, "INSERT INTO prompts (id, prompt, blob, size, name, input) VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        key, text, blob, Int64(task.prompt.size), StoredText.value(task.name),
                        StoredText.value(task.input),
                    ])
            }
        case .jobSealed(let id): try run(db, "UPDATE jobs SET sealed = 1 WHERE id = ?", [Int64(id.rawValue)])
        case .assigned(let row, let agent, let numbers, let at):
            try run(
                db, "INSERT INTO assignments (row, agent, at, body) VALUES (?, ?, ?, ?)",
                [Int64(row), Int64(bitPattern: agent.rawValue), at.milliseconds, PackedAttempts.pack(numbers)])
        case .assignmentRetired(let row): try run(db, "DELETE FROM assignments WHERE row = ?", [Int64(row)])
        case .attemptEnded(let attempt): try write(attempt, to: db)
        case .taskEnded(let end): try write(end, to: db)
        case .cancelRequested(let task):
            try run(db, "INSERT OR IGNORE INTO cancels (task) VALUES (?)", [task.storeKey])
        case .jobFinished(let job):
            let body = String(decoding: try JSONEncoder().encode(StoredSummary(job)), as: UTF8.self)
            try run(
                db, "UPDATE jobs SET finished_at = ?, summary = ? WHERE id = ?",
                [job.finishedAt?.milliseconds, body, Int64(job.id.rawValue)])
        case .resultSetAside(let result, let agent, let reason, let at):
            try setAside(result, agent: agent, reason: reason, at: at, in: db)
        case .jobChanged, .queuePaused, .optionsChanged, .taskMoved, .taskHeld, .taskReleased, .taskReopened,
            .jobReopened,
            .agentDrained, .sweepBegun, .sweepEnded, .pruned:
            throw StoreError(.broken, "the record \(record) can't be stored yet")
        case .agentSeen(let agent, let name, let host):
            try run(
                db,
                "INSERT INTO agents (id, name, host) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = ?2, host = ?3",
                [Int64(bitPattern: agent.rawValue), StoredText.value(name), StoredText.value(host)])
        }
    }

    private static func write(_ attempt: EndedAttempt, to db: Database) throws {
        try run(
            db,
            """
            INSERT OR REPLACE INTO attempts (task, attempt, row, agent, class, message, detail, failures, given_up, retry_at, ended_at,
                input_tokens, output_tokens, cache_read, cache_creation, cost)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                attempt.number.task.storeKey, Int64(attempt.number.attempt), Int64(attempt.row),
                Int64(bitPattern: attempt.agent.rawValue), StoredText.value(attempt.failure.errorClass),
                StoredText.value(attempt.failure.message),
                StoredText.value(attempt.failure.detail),
                Int64(attempt.failures), attempt.givenUp, attempt.retryAt.milliseconds, attempt.at.milliseconds,
                Int64(clamping: attempt.usage.inputTokens), Int64(clamping: attempt.usage.outputTokens),
                Int64(clamping: attempt.usage.cacheReadInputTokens),
                Int64(clamping: attempt.usage.cacheCreationInputTokens),
                Int64(clamping: attempt.costMicroUSD),
            ])
    }

    private static func write(_ end: EndedTask, to db: Database) throws {
        let result = end.result
        let usage = result?.usage ?? Usage()
        let failure = end.failure ?? result?.failure
        let key = end.task.storeKey
        try run(
            db,
            """
            INSERT INTO endings (id, state, attempt, agent, instance, started_at, finished_at, input_tokens, output_tokens,
                cache_read, cache_creation, cost, session, class, message, reported)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                key, Int64(end.state.rawValue), Int64(end.attempt), end.agent.map { Int64(bitPattern: $0.rawValue) },
                StoredText.value(result?.instance ?? ""), result?.startedAt.milliseconds ?? 0,
                result?.finishedAt.milliseconds ?? end.at.milliseconds, Int64(clamping: usage.inputTokens),
                Int64(clamping: usage.outputTokens), Int64(clamping: usage.cacheReadInputTokens),
                Int64(clamping: usage.cacheCreationInputTokens), Int64(clamping: result?.costMicroUSD ?? 0),
                StoredText.value(result?.sessionID ?? ""), failure.map { StoredText.value($0.errorClass) },
                failure.map { StoredText.value($0.message) }, result != nil,
            ])
        guard result?.answer != nil || result?.structured != nil || !(failure?.detail ?? "").isEmpty else { return }
        let (answer, answerBlob) = columns(result?.answer)
        let (structured, structuredBlob) = columns(result?.structured)
        try run(
            db,
            """
            INSERT INTO answers (id, answer, answer_blob, answer_size, structured, structured_blob, structured_size, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                key, answer, answerBlob, Int64(result?.answer?.size ?? 0), structured, structuredBlob,
                Int64(result?.structured?.size ?? 0), StoredText.value(failure?.detail ?? ""),
            ])
    }

    private static func setAside(
        _ result: AttemptResult, agent: AgentID, reason: SetAsideReason, at: WallTime, in db: Database
    ) throws {
        let task = result.token.task.storeKey
        let store = Int64(bitPattern: result.token.store.rawValue)
        // An agent repeats what it saw no acknowledgement for: a result that is already here is no news.
        try run(
            db,
            """
            INSERT INTO set_aside (store, task, attempt, agent, reason, at, state, answer, message)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
            WHERE NOT (?1 = (SELECT value FROM meta WHERE key = 'store') AND (
                EXISTS (SELECT 1 FROM endings WHERE id = ?2 AND attempt = ?3 AND reported = 1)
                OR EXISTS (SELECT 1 FROM attempts WHERE task = ?2 AND attempt = ?3 AND given_up = 0)))
              AND NOT EXISTS (SELECT 1 FROM set_aside WHERE store = ?1 AND task = ?2 AND attempt = ?3)
            """,
            [
                store, task, Int64(result.token.attempt), Int64(bitPattern: agent.rawValue), reason.rawValue,
                at.milliseconds,
                Int64(result.state.rawValue), columns(result.answer).0,
                result.failure.map { StoredText.value($0.message) },
            ])
        try run(db, "DELETE FROM set_aside WHERE n <= (SELECT max(n) FROM set_aside) - ?", [Int64(setAsideAtMost)])
    }

    private static func run(_ db: Database, _ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws {
        let statement = try db.cachedStatement(sql: sql)
        statement.setUncheckedArguments(StatementArguments(arguments))
        try statement.execute()
    }

    private static func columns(_ content: Content?) -> ((any DatabaseValueConvertible)?, Data?) {
        switch content {
        case nil: (nil, nil)
        case .text(let text): (StoredText.value(text), nil)
        case .blob(let blob): (nil, Data(blob.sha256))
        }
    }

    static func data(_ key: SubmissionKey) -> Data {
        var data = Data(capacity: 16)
        withUnsafeBytes(of: key.high.bigEndian) { data.append(contentsOf: $0) }
        withUnsafeBytes(of: key.low.bigEndian) { data.append(contentsOf: $0) }
        return data
    }
}
