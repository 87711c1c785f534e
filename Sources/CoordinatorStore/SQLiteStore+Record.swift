import ClusterModel
import CoordinatorCore
import GRDB

/// An attempt that did not end its task, as the store has it.
public struct StoredAttempt: Hashable, Sendable {
    /// From 1.
    public var attempt: UInt32
    /// Name of the agent that held it.
    public var agent: String
    /// The instance that ran it; empty if none was reported.
    public var instance: String
    /// Why it did not end its task.
    public var failure: TaskFailure
    /// What it used, if it reported.
    public var usage: Usage
    /// Millionths of a dollar; 0 if it did not report.
    public var costMicroUSD: UInt64
    /// No result came.
    public var givenUp: Bool
    /// When the coordinator learned of its end.
    public var endedAt: WallTime
}

/// A result that nothing waited for, as the store has it.
public struct StoredSetAside: Hashable, Sendable {
    /// The attempt it reports on.
    public var token: AttemptToken
    /// Name of the agent that sent it; its bits if no such agent was seen.
    public var agent: String
    /// One of ``SetAsideReason``'s words.
    public var reason: String
    /// When it came.
    public var at: WallTime
    /// How the attempt ended.
    public var state: TaskState
    /// Nil when there is none.
    public var answer: Content?
    /// Why it did not succeed; empty when it did.
    public var message: String
}

/// The SHA-256 of a blob, 32 bytes.
public typealias BlobHash = [UInt8]

extension SQLiteStore {
    /// The attempts that did not end this task, in the order in which they ended: those before a retry by the user are among them.
    public func attempts(of task: TaskID) throws -> [StoredAttempt] {
        try reading { db in
            let rows = try RawStatement(
                try db.raw(),
                """
                SELECT t.attempt, a.name, t.instance, t.class, t.message, t.detail, t.input_tokens, t.output_tokens, t.cache_read,
                    t.cache_creation, t.cost, t.given_up, t.ended_at
                FROM attempts t LEFT JOIN agents a ON a.id = t.agent WHERE t.task = ? ORDER BY t.attempt, t.row = 0, t.row
                """)
            rows.bind(1, task)
            var found: [StoredAttempt] = []
            while try rows.step() {
                found.append(
                    StoredAttempt(
                        attempt: UInt32(truncatingIfNeeded: rows.int(0)), agent: rows.text(1), instance: rows.text(2),
                        failure: TaskFailure(className: rows.text(3), message: rows.text(4), detail: rows.text(5)),
                        usage: rows.usage(6), costMicroUSD: rows.unsigned(10), givenUp: rows.int(11) != 0,
                        endedAt: rows.time(12)))
            }
            return found
        }
    }

    /// Results that nothing waited for, the latest first, at most `limit`.
    public func setAside(limit: Int) throws -> [StoredSetAside] {
        try reading { db in
            let rows = try RawStatement(
                try db.raw(),
                """
                SELECT s.store, s.task, s.attempt, coalesce(a.name, printf('%x', s.agent)), s.reason, s.at, s.state, s.answer,
                    s.answer_blob, s.answer_size, s.message
                FROM set_aside s LEFT JOIN agents a ON a.id = s.agent ORDER BY s.n DESC LIMIT ?
                """)
            rows.bind(1, Int64(limit))
            var found: [StoredSetAside] = []
            while try rows.step() {
                guard let state = TaskState(rawValue: UInt8(truncatingIfNeeded: rows.int(6))) else {
                    throw StoreError(
                        .broken, "a result set aside for task \(rows.task(1)) is damaged: restore a backup")
                }
                found.append(
                    StoredSetAside(
                        token: AttemptToken(
                            store: StoreID(rawValue: rows.unsigned(0)), task: rows.task(1),
                            attempt: UInt32(truncatingIfNeeded: rows.int(2))),
                        agent: rows.text(3), reason: rows.text(4), at: rows.time(5), state: state,
                        answer: rows.content(7), message: rows.text(10)))
            }
            return found
        }
    }

    /// The hashes of all blobs that prompts, answers, results set aside and conversations name. A sweep keeps them.
    public func referencedBlobs() throws -> Set<BlobHash> {
        try reading { db in Set(try Self.blobs(try db.raw()).map(\.sha256)) }
    }

    /// All blobs that the file names, each once for each size it is named with.
    static func blobs(_ db: OpaquePointer) throws -> Set<BlobRef> {
        // Each from an index of its own, which only the rows with a blob are in; results set aside have a limit.
        let columns = [
            ("prompts", "blob", "size"), ("answers", "answer_blob", "answer_size"),
            ("answers", "structured_blob", "structured_size"), ("set_aside", "answer_blob", "answer_size"),
            ("heads", "blob", "size"),
            ("workspace_blobs", "blob", "size"),
        ]
        var found: Set<BlobRef> = []
        for (table, hash, size) in columns {
            let rows = try RawStatement(db, "SELECT \(hash), \(size) FROM \(table) WHERE \(hash) IS NOT NULL")
            while try rows.step() { found.insert(BlobRef(sha256: rows.blob(0), size: rows.unsigned(1))) }
        }
        return found
    }
}
