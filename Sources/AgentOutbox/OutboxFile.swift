import ClusterModel
import Foundation
import GRDB

/// The outbox's table in SQLite. Every call blocks until the disk has answered.
struct OutboxFile: Sendable {
    static let version = 1
    private let queue: DatabaseQueue

    /// - Parameter pageLimit: For tests: the file can't grow beyond so many pages, as on a full disk.
    init(path: String, pageLimit: Int?) throws(OutboxError) {
        do {
            var configuration = Configuration()
            configuration.label = "outbox"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                try db.execute(sql: "PRAGMA synchronous = FULL")
                if let pageLimit { try db.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
            }
            queue = try DatabaseQueue(path: path, configuration: configuration)
            let found = try queue.write { db in
                let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                if found == 0 { try Self.create(db) }
                return found
            }
            guard found <= Self.version else {
                throw OutboxError(
                    code: .tooNew,
                    message:
                        "\(path) was written by a newer version (format \(found), this one knows \(Self.version)): update the agent"
                )
            }
        } catch let error as OutboxError {
            throw error
        } catch {
            throw OutboxError(
                code: .unreadable,
                message:
                    "the outbox \(path) cannot be opened (\(Self.words(error))): make room or repair it, or move it away and lose the results in it"
            )
        }
    }

    private static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE result (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    store INTEGER NOT NULL, task INTEGER NOT NULL, attempt INTEGER NOT NULL,
                    bytes BLOB NOT NULL,
                    UNIQUE (store, task, attempt));
                CREATE TABLE agent (id INTEGER NOT NULL);
                PRAGMA user_version = \(version);
                """)
        // 0 is what an unset field of the protocol reads as.
        try db.execute(
            sql: "INSERT INTO agent (id) VALUES (?)", arguments: [Int64(bitPattern: UInt64.random(in: 1 ... .max))])
    }

    func agentID() throws -> AgentID {
        let id = try queue.read { try Int64.fetchOne($0, sql: "SELECT id FROM agent") }
        guard let id else {
            throw OutboxError(code: .unreadable, message: "the outbox has lost the agent's id: move the file away")
        }
        return AgentID(rawValue: UInt64(bitPattern: id))
    }

    func entries() throws -> [OutboxEntry] {
        try queue.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT store, task, attempt, bytes FROM result ORDER BY sequence")
            return rows.map { row in
                let store: Int64 = row[0]
                let task: Int64 = row[1]
                let attempt: Int64 = row[2]
                let bytes: Data = row[3]
                return OutboxEntry(
                    token: AttemptToken(
                        store: StoreID(rawValue: UInt64(bitPattern: store)),
                        task: TaskID(packed: UInt64(bitPattern: task)),
                        attempt: UInt32(truncatingIfNeeded: attempt)),
                    bytes: Array(bytes))
            }
        }
    }

    /// One transaction. Deletions go first: they make room for what is new.
    func commit(appending entries: ArraySlice<OutboxEntry>, removing tokens: ArraySlice<AttemptToken>) throws {
        try queue.write { db in
            let delete = try db.cachedStatement(
                sql: "DELETE FROM result WHERE store = ? AND task = ? AND attempt = ?")
            for token in tokens { try delete.execute(arguments: Self.key(token)) }
            let insert = try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO result (store, task, attempt, bytes) VALUES (?, ?, ?, ?)")
            for entry in entries {
                try insert.execute(arguments: Self.key(entry.token) + [Data(entry.bytes)])
            }
        }
    }

    func close() throws { try queue.close() }

    private static func key(_ token: AttemptToken) -> StatementArguments {
        [Int64(bitPattern: token.store.rawValue), Int64(bitPattern: token.task.packed), Int64(token.attempt)]
    }

    /// SQLite's own words, without the statement.
    static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
