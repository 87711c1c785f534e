import ClusterModel
import CoordinatorCore
import Foundation
import GRDB

/// A task as the store has it, for a listing.
public struct StoredTask: Sendable {
    /// Place in its job, from 0.
    public var index: UInt32
    /// What the user calls it; may be empty.
    public var name: String
    /// At most 200 characters.
    public var promptStart: String
    /// Nil: no end yet.
    public var end: TaskState?
    /// Attempts sent; 0 while it has no end, since only ends are looked at.
    public var attempts: UInt32
    /// Name of the agent whose attempt ended it; empty when none did.
    public var agent: String
    /// What it was submitted with.
    public var priority: Priority
    /// Why it is held, in words; nil: it is not.
    public var heldBecause: String?
}

/// An ended task as the store has it.
public struct StoredResult: Sendable {
    /// Its job and place.
    public var task: TaskID
    /// What the user calls it; may be empty.
    public var name: String
    /// One of the ends.
    public var state: TaskState
    /// Attempts sent; 0: it was never tried.
    public var attempts: UInt32
    /// Empty: it was never run.
    public var agent: String
    /// `agent/slot.generation`; empty: none was reported.
    public var instance: String
    /// The final text; nil when there is none.
    public var answer: Content?
    /// The object that met the task's schema, as JSON; nil when there is none.
    public var structured: Content?
    /// Why it did not succeed; nil when it did.
    public var failure: TaskFailure?
    /// Of the attempt that ended it; all 0 when it reported nothing.
    public var usage: Usage
    /// Of the same attempt, in millionths of a dollar.
    public var costMicroUSD: UInt64
    /// The CLI's session; empty when no instance gave a result.
    public var sessionID: String
    /// When the coordinator took the task.
    public var queuedAt: WallTime
    /// When the attempt that ended it began, by its agent's clock; nil when no result ended it.
    public var startedAt: WallTime?
    /// When that attempt ended, by its agent's clock; when the coordinator ended the task, if no result did.
    public var finishedAt: WallTime
    /// The line that a template was filled with, or the prompt itself.
    public var input: Content
    /// What it did to its worktree; nil when it had none.
    public var workspace: WorkspaceOutcome?

    /// What it weighs in a message, roughly, in bytes.
    public var weight: Int {
        func inline(_ content: Content?) -> Int {
            if case .text(let text) = content { return text.utf8.count }
            return 48
        }
        let words = name.utf8.count + agent.utf8.count + instance.utf8.count + sessionID.utf8.count
        let trouble = failure.map { $0.message.utf8.count + $0.detail.utf8.count } ?? 0
        return 256 + words + trouble + inline(answer) + inline(structured) + inline(input) + (workspace?.weight ?? 0)
    }
}

extension SQLiteStore {
    /// The prompts of these tasks, in their order. Throws when one is missing.
    public func prompts(_ ids: [TaskID]) throws -> [Content] {
        try reading { db in
            let statement = try RawStatement(try db.raw(), "SELECT prompt, blob, size FROM prompts WHERE id = ?")
            return try ids.map { id in
                statement.bind(1, id)
                guard try statement.step(), let content = statement.content(0) else {
                    throw StoreError(.broken, "the prompt of task \(id) is missing")
                }
                statement.reset()
                return content
            }
        }
    }

    /// At most `limit` tasks of a job from `first` on.
    public func tasks(of job: JobID, from first: UInt32, limit: Int) throws -> [StoredTask] {
        try reading { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT p.id, p.name, coalesce(substr(p.prompt, 1, 200), '') AS start, e.state, e.attempt,
                        coalesce(a.name, '') AS agent, json_extract(o.body, '$.priority') AS priority,
                        h.why
                    FROM prompts p JOIN tasks t ON t.id = p.id LEFT JOIN moves m ON m.task = p.id
                    LEFT JOIN job_options o ON o.job = p.id >> 32 AND o.row = coalesce(m.options, t.options)
                    LEFT JOIN holds h ON h.task = p.id
                    LEFT JOIN endings e ON e.id = p.id LEFT JOIN agents a ON a.id = e.agent
                    WHERE p.id BETWEEN ? AND ? ORDER BY p.id LIMIT ?
                    """,
                arguments: [
                    TaskID(job: job, index: first).storeKey, TaskID(job: job, index: .max).storeKey, limit,
                ]
            ).map { row in
                let state: Int64? = row["state"]
                return StoredTask(
                    index: TaskID(packed: UInt64(row["id"] as Int64)).index, name: row.text("name"),
                    promptStart: row.text("start"),
                    end: state.flatMap { TaskState(rawValue: UInt8($0)) },
                    attempts: UInt32((row["attempt"] as Int64?) ?? 0),
                    agent: row.text("agent"),
                    priority: (row["priority"] as Int?).flatMap { Priority(rawValue: $0) } ?? .normal,
                    heldBecause: state == nil ? StoredText.read(row["why"]) : nil)
            }
        }
    }

    /// Ended tasks of a job from `first` on, in task order, up to `limit` of them or `bytes` in all (one at least).
    ///
    /// - Returns: the results, and whether there may be more.
    public func results(of job: JobID, from first: UInt32, limit: Int, bytes: Int) throws -> (
        results: [StoredResult], more: Bool
    ) {
        try reading { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT e.*, t.queued_at, p.prompt, p.blob, p.size, p.name AS task_name, p.input, coalesce(a.name, '') AS agent_name,
                        w.answer, w.answer_blob, w.answer_size, w.structured, w.structured_blob, w.structured_size, w.detail, g.body AS workspace
                    FROM endings e JOIN tasks t ON t.id = e.id JOIN prompts p ON p.id = e.id
                    LEFT JOIN answers w ON w.id = e.id LEFT JOIN workspaces g ON g.id = e.id LEFT JOIN agents a ON a.id = e.agent
                    WHERE e.id BETWEEN ? AND ? ORDER BY e.id LIMIT ?
                    """,
                arguments: [
                    TaskID(job: job, index: first).storeKey, TaskID(job: job, index: .max).storeKey, limit + 1,
                ])
            var results: [StoredResult] = []
            var weight = 0
            while let row = try rows.next() {
                let result = try Self.result(row)
                weight += result.weight
                if results.count == limit || (weight > bytes && !results.isEmpty) { return (results, true) }
                results.append(result)
            }
            return (results, false)
        }
    }

    private static func result(_ row: Row) throws -> StoredResult {
        let number: Int64 = row["id"]
        guard let state = TaskState(rawValue: UInt8(row["state"] as Int64)) else {
            throw StoreError(.broken, "the end of task \(TaskID(packed: UInt64(number))) is damaged")
        }
        let errorClass = StoredText.read(row["class"])
        let started: Int64 = row["started_at"]
        let line = row.text("input")
        return StoredResult(
            task: TaskID(packed: UInt64(number)), name: row.text("task_name"), state: state,
            attempts: UInt32(row["attempt"] as Int64), agent: row.text("agent_name"), instance: row.text("instance"),
            answer: content(row["answer"], row["answer_blob"], row["answer_size"]),
            structured: content(row["structured"], row["structured_blob"], row["structured_size"]),
            failure: errorClass.map {
                TaskFailure(className: $0, message: row.text("message"), detail: row.text("detail"))
            },
            usage: Usage(
                inputTokens: UInt64(row["input_tokens"] as Int64), outputTokens: UInt64(row["output_tokens"] as Int64),
                cacheReadInputTokens: UInt64(row["cache_read"] as Int64),
                cacheCreationInputTokens: UInt64(row["cache_creation"] as Int64)),
            costMicroUSD: UInt64(row["cost"] as Int64), sessionID: row.text("session"),
            queuedAt: WallTime(milliseconds: row["queued_at"]),
            startedAt: started == 0 ? nil : WallTime(milliseconds: started),
            finishedAt: WallTime(milliseconds: row["finished_at"]),
            input: line.isEmpty ? content(row["prompt"], row["blob"], row["size"]) ?? .text("") : .text(line),
            workspace: try StoredText.read(row["workspace"]).map { try StoredWorkspace(text: $0).outcome })
    }

    private static func content(_ text: DatabaseValue, _ hash: Data?, _ size: Int64?) -> Content? {
        if let text = StoredText.read(text) { return .text(text) }
        return hash.map { .blob(BlobRef(sha256: Array($0), size: UInt64(size ?? 0))) }
    }
}
