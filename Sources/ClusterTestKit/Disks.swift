import Foundation
import GRDB

/// What lies on the disks of a coordinator and its agents, read past their programs. Nothing is written: a file that a killed program
/// left stays as it is.
public enum Disks {
    /// The tasks whose results an agent has in its outbox. Those that were acknowledged may still be among them for a moment.
    public static func heldTasks(ofAgent stateDirectory: String) async throws -> Set<Int64> {
        let batches = try await read(stateDirectory + "/outbox.sqlite") {
            try Data.fetchAll($0, sql: "SELECT bytes FROM batch")
        }
        var tasks: Set<Int64> = []
        for batch in batches { tasks.formUnion(try tasksOf(batch)) }
        return tasks
    }

    /// Those of some tasks whose end is not in the coordinator's store.
    public static func withoutEnd(_ tasks: Set<Int64>, in dataDirectory: String) async throws -> Set<Int64> {
        try await store(dataDirectory) { db in
            let statement = try db.cachedStatement(sql: "SELECT 1 FROM endings WHERE id = ?")
            return try tasks.filter { try Int.fetchOne(statement, arguments: [$0]) == nil }
        }
    }

    /// The store's id: an attempt's token bears it.
    public static func storeID(in dataDirectory: String) async throws -> Int64 {
        let id = try await store(dataDirectory) {
            try Int64.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'store'")
        }
        guard let id else { throw SceneError("the store in \(dataDirectory) has no id") }
        return id
    }

    /// How far a job is.
    public struct JobCounts: Sendable {
        /// Tasks of it in the store.
        public var stored: Int
        /// Those that have ended.
        public var ended: Int
        /// Those that have not.
        public var open: Int { stored - ended }
    }

    /// Counts a job's rows.
    public static func counts(ofJob job: Int64, in dataDirectory: String) async throws -> JobCounts {
        let ids = [job << 32, (job + 1) << 32]
        return try await store(dataDirectory) { db in
            let stored = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM tasks WHERE id >= ? AND id < ?", arguments: StatementArguments(ids))
            let ended = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM endings WHERE id >= ? AND id < ?", arguments: StatementArguments(ids))
            return JobCounts(stored: stored ?? 0, ended: ended ?? 0)
        }
    }

    /// Whether the store has a row of a job's tasks.
    public static func hasTasks(ofJob job: Int64, in dataDirectory: String) async throws -> Bool {
        try await store(dataDirectory) { db in
            try Int.fetchOne(
                db, sql: "SELECT 1 FROM tasks WHERE id >= ? AND id < ? LIMIT 1",
                arguments: [job << 32, (job + 1) << 32])
        } != nil
    }

    /// Results in the store that nothing waited for.
    public static func setAside(in dataDirectory: String) async throws -> Int {
        try await store(dataDirectory) { try Int.fetchOne($0, sql: "SELECT count(*) FROM set_aside") } ?? 0
    }

    fileprivate static func store<Value: Sendable>(
        _ dataDirectory: String, _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value { try await read(dataDirectory + "/coordinator.sqlite", body) }

    private static func read<Value: Sendable>(
        _ path: String, _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return try await DatabaseQueue(path: path, configuration: configuration).read(body)
    }

    /// A row of an outbox: entries of store, task, attempt and length (8, 8, 4 and 4 bytes, little-endian) and so many bytes.
    private static func tasksOf(_ batch: Data) throws -> [Int64] {
        try batch.withUnsafeBytes { bytes in
            var tasks: [Int64] = []
            var offset = 0
            while offset < bytes.count {
                guard bytes.count - offset >= 24 else {
                    throw SceneError("an outbox has a row that ends in the middle")
                }
                tasks.append(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: Int64.self)))
                offset +=
                    24 + Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 20, as: UInt32.self)))
            }
            return tasks
        }
    }
}

extension Disks {
    /// What one failed attempt was recorded as.
    public struct FailedAttempt: Sendable {
        /// Of its task.
        public var index: Int
        /// From 1.
        public var attempt: Int
        /// An error class.
        public var `class`: String
        /// A sentence.
        public var message: String
        /// How long what was kept of the streams is.
        public var detailBytes: Int
    }

    /// The attempts of a job that failed and were followed by another, in order.
    public static func retriedAttempts(ofJob job: Int64, in dataDirectory: String) async throws -> [FailedAttempt] {
        try await store(dataDirectory) { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id & 4294967295, attempt, class, message, length(CAST(detail AS BLOB)) FROM
                    (SELECT task AS id, attempt, class, message, detail FROM attempts WHERE task >= ? AND task < ?)
                    WHERE class <> '' ORDER BY id, attempt
                    """, arguments: [job << 32, (job + 1) << 32]
            ).map {
                FailedAttempt(index: $0[0], attempt: $0[1], class: $0[2], message: $0[3], detailBytes: $0[4])
            }
        }
    }

    /// The tasks of a job that have ended.
    public static func ended(ofJob job: Int64, in dataDirectory: String) async throws -> Set<Int64> {
        try await store(dataDirectory) { db in
            try Set(
                Int64.fetchAll(
                    db, sql: "SELECT id FROM endings WHERE id >= ? AND id < ?", arguments: [job << 32, (job + 1) << 32])
            )
        }
    }
}
