import ClusterModel
import CoordinatorCore
import Foundation
import GRDB
import Glibc

/// The coordinator's durable state: one SQLite file (WAL, synchronous=FULL) in a locked directory.
///
/// ``commit(_:)`` is called from one thread; the reads may be called from others and see what is committed.
public final class SQLiteStore: Sendable {
    /// Random; made with the file.
    public let storeID: StoreID
    /// Grows with every ``open(directory:)``.
    public let term: UInt64
    /// The data directory as it was given to ``open(directory:newStoreID:)``, locked as long as this lives.
    public let directory: String
    let pool: DatabasePool
    let writer = CommitWriter()
    private let lock: DirectoryLock

    /// Connections that read beside the one that writes.
    public static let readersAtMost = 3
    /// Results set aside that are kept; the oldest go first.
    public static let setAsideAtMost = 10_000
    /// Pages of 4 KiB in the write-ahead log before a commit moves them into the file. Measured with batches of 1,400 rows with 1 KiB
    /// of prompt and answer each: the slowest commits take 12–15 ms with 1,000, 35–39 ms with 4,000, 55–63 ms with 8,000, while
    /// 4,000 brings at most a tenth more in throughput.
    public static let walPages = 1_000
    /// What the log's file may keep after that, in bytes: a reader that stood in the way makes it grow beyond ``walPages``.
    public static let walBytesKept = 64 << 20
    /// Memory of the connection that writes, in KiB: the ends of the tables that it appends to.
    static let writerCacheKiB = 16 << 10

    private init(storeID: StoreID, term: UInt64, directory: String, pool: DatabasePool, lock: DirectoryLock) {
        self.storeID = storeID
        self.term = term
        self.directory = directory
        self.pool = pool
        self.lock = lock
    }

    /// The file's path.
    public var path: String { directory + "/coordinator.sqlite" }

    /// Opens or makes the store, brings its schema up to date, and takes the next term.
    ///
    /// - Parameters:
    ///   - newStoreID: what a new file is named by; random, from the caller.
    ///   - durability: anything but full may lose acknowledged work with the power.
    /// - Throws: ``StoreError`` when the directory is in use, the file is not a store or newer than this program, or the disk is full.
    public static func open(
        directory: String, newStoreID: UInt64, durability: Durability = .full
    ) throws -> SQLiteStore {
        let lock = try DirectoryLock(directory: directory)
        let path = directory + "/coordinator.sqlite"
        do {
            var configuration = Configuration()
            configuration.maximumReaderCount = readersAtMost
            configuration.busyMode = .timeout(5)
            // Whoever may read the file may read every prompt.
            let mask = umask(0o077)
            defer { umask(mask) }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        PRAGMA synchronous = \(durability.rawValue);
                        PRAGMA wal_autocheckpoint = \(walPages);
                        PRAGMA journal_size_limit = \(walBytesKept);
                        PRAGMA cache_size = -\(writerCacheKiB);
                        """)
            }
            let migrator = Schema.migrator
            if try pool.read({ db in try migrator.hasBeenSuperseded(db) }) {
                throw StoreError(.tooNew, "\(path) was written by a newer version of cc-coordinator: install that one")
            }
            try migrator.migrate(pool)
            let (store, term) = try pool.write { db in
                try db.execute(
                    sql: "INSERT INTO meta VALUES ('store', ?), ('term', 0) ON CONFLICT DO NOTHING",
                    arguments: [Int64(bitPattern: newStoreID)])
                try db.execute(sql: "UPDATE meta SET value = value + 1 WHERE key = 'term'")
                let store = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'store'") ?? 0
                let term = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'term'") ?? 0
                return (store, term)
            }
            return SQLiteStore(
                storeID: StoreID(rawValue: UInt64(bitPattern: store)), term: UInt64(term), directory: directory,
                pool: pool,
                lock: lock)
        } catch {
            throw StoreError.from(error, path: path)
        }
    }

    /// Bytes free on the directory's disk for a user who is not root.
    public func freeBytes() throws -> UInt64 {
        var info = statvfs()
        guard statvfs(directory, &info) == 0 else {
            throw StoreError(.broken, "\(directory): \(String(cString: strerror(errno)))")
        }
        return UInt64(info.f_bavail) * UInt64(info.f_frsize)
    }

    /// Bytes of the file itself, without its write-ahead log; 0 if it can't be looked at.
    public func fileBytes() -> UInt64 {
        var info = stat()
        return stat(path, &info) == 0 ? UInt64(max(0, info.st_size)) : 0
    }

    /// Ends all connections; for an orderly stop. After a crash the write-ahead log is taken up at the next open.
    public func close() throws {
        pool.writeWithoutTransaction { _ in writer.finish() }
        try pool.close()
    }

    deinit { writer.finish() }

    /// Runs a read, and says in words what SQLite met.
    func reading<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try pool.read(body)
        } catch {
            throw StoreError.from(error, path: path)
        }
    }
}

/// How a transaction waits for the disk: SQLite's own words.
public enum Durability: String, Sendable {
    /// It is on disk when it is acknowledged.
    case full
    /// A crash of the machine may take the latest transactions.
    case normal
    /// A crash of the machine may damage the file: for benchmarks.
    case off
}
