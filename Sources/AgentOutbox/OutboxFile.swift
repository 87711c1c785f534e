import ClusterModel
import Foundation
import GRDB

/// The outbox's table in SQLite: a row holds a batch of results. Every call blocks until the disk has answered.
struct OutboxFile: Sendable {
    /// 1 had a row for each result.
    static let version = 2
    /// The log is taken into the file when it has so many pages (16 MiB).
    private static let checkpointPages = 4000

    /// What is done to one row.
    enum Change {
        case insert(sequence: Int64, bytes: [UInt8])
        case update(sequence: Int64, bytes: [UInt8])
        case delete(sequence: Int64)

        var bytes: Int {
            switch self {
            case .insert(_, let bytes), .update(_, let bytes): bytes.count
            case .delete: 0
            }
        }
    }

    private let queue: DatabaseQueue

    /// - Parameter pageLimit: For tests: the file can't grow beyond so many pages, as on a full disk.
    /// - Parameter synchronous: SQLite's word for how it waits for the disk.
    init(path: String, pageLimit: Int?, synchronous: String = "full") throws(OutboxError) {
        do {
            var configuration = Configuration()
            configuration.label = "outbox"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                try db.execute(sql: "PRAGMA synchronous = \(synchronous)")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.checkpointPages)")
                if let pageLimit { try db.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
            }
            queue = try DatabaseQueue(path: path, configuration: configuration)
            let found = try queue.write { db in
                let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                if found == 0 { try Self.create(db) }
                if found == 1 { try Self.takeOver(db) }
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

    private static let schema = """
        CREATE TABLE batch (sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
        PRAGMA user_version = \(version);
        """

    private static func create(_ db: Database) throws {
        try db.execute(sql: schema + "CREATE TABLE agent (id INTEGER NOT NULL);")
        // 0 is what an unset field of the protocol reads as.
        try db.execute(
            sql: "INSERT INTO agent (id) VALUES (?)", arguments: [Int64(bitPattern: UInt64.random(in: 1 ... .max))])
    }

    /// Brings a file of version 1 to this one, in the transaction that found it.
    private static func takeOver(_ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT store, task, attempt, bytes FROM result ORDER BY sequence")
        let entries = rows.map { row in
            let (store, task, attempt): (Int64, Int64, Int64) = (row[0], row[1], row[2])
            let bytes: Data = row[3]
            let token = AttemptToken(
                store: StoreID(rawValue: UInt64(bitPattern: store)), task: TaskID(packed: UInt64(bitPattern: task)),
                attempt: UInt32(truncatingIfNeeded: attempt))
            return OutboxEntry(token: token, bytes: Array(bytes))
        }
        try db.execute(sql: schema + "DROP TABLE result;")
        for (index, piece) in OutboxBatch.pieces(of: entries).enumerated() {
            try db.execute(
                sql: "INSERT INTO batch (sequence, bytes) VALUES (?, ?)",
                arguments: [Int64(index + 1), Data(OutboxBatch.pack(piece))])
        }
    }

    func agentID() throws -> AgentID {
        let id = try queue.read { try Int64.fetchOne($0, sql: "SELECT id FROM agent") }
        guard let id else {
            throw OutboxError(code: .unreadable, message: "the outbox has lost the agent's id: move the file away")
        }
        return AgentID(rawValue: UInt64(bitPattern: id))
    }

    /// Oldest first.
    func batches() throws -> [(sequence: Int64, entries: [OutboxEntry])] {
        try queue.read { db in
            try Row.fetchAll(db, sql: "SELECT sequence, bytes FROM batch ORDER BY sequence").map { row in
                let sequence: Int64 = row[0]
                let bytes: Data = row[1]
                guard let entries = OutboxBatch.unpack(Array(bytes)) else {
                    throw OutboxError(
                        code: .unreadable,
                        message:
                            "row \(sequence) of the outbox is damaged: repair the file, or move it away and lose the results in it"
                    )
                }
                return (sequence, entries)
            }
        }
    }

    /// One transaction. Deletions go first: they make room for what is new.
    func commit(_ changes: ArraySlice<Change>) throws {
        try queue.write { db in
            let delete = try db.cachedStatement(sql: "DELETE FROM batch WHERE sequence = ?")
            let insert = try db.cachedStatement(sql: "INSERT INTO batch (sequence, bytes) VALUES (?, ?)")
            let update = try db.cachedStatement(sql: "UPDATE batch SET bytes = ? WHERE sequence = ?")
            for case .delete(let sequence) in changes { try delete.execute(arguments: [sequence]) }
            for change in changes {
                switch change {
                case .delete: break
                case .insert(let sequence, let bytes): try insert.execute(arguments: [sequence, Data(bytes)])
                case .update(let sequence, let bytes): try update.execute(arguments: [Data(bytes), sequence])
                }
            }
        }
    }

    func close() throws { try queue.close() }

    /// SQLite's own words, without the statement.
    static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
