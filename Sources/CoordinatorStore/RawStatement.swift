import ClusterModel
import Foundation
import GRDB
import GRDBSQLite

/// One prepared statement of SQLite's own interface: binding and stepping without a Swift object a value, which is what a batch of
/// thousands of rows and a restart over millions spend their time on otherwise.
///
/// It belongs to one connection and is used where GRDB lets that connection be used: inside `write {}` and `read {}`.
final class RawStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private var bindResult = SQLITE_OK

    /// - Parameter isKept: it will be used for a long time; SQLite then takes its memory from elsewhere.
    init(_ connection: OpaquePointer, _ sql: String, isKept: Bool = false) throws {
        self.connection = connection
        var made: OpaquePointer?
        let flags = isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = sqlite3_prepare_v3(connection, sql, -1, flags, &made, nil)
        guard code == SQLITE_OK, let made else { throw Self.error(connection, sql) }
        handle = made
    }

    deinit { sqlite3_finalize(handle) }

    private static func error(_ connection: OpaquePointer, _ sql: String?) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)), sql: sql)
    }

    // MARK: Binding

    private func bound(_ code: Int32) { if code != SQLITE_OK { bindResult = code } }

    func bind(_ place: Int32, _ value: Int64) { bound(sqlite3_bind_int64(handle, place, value)) }

    func bind(_ place: Int32, _ value: UInt32) { bind(place, Int64(value)) }

    func bind(_ place: Int32, _ task: TaskID) { bind(place, task.storeKey) }

    func bindNull(_ place: Int32) { bound(sqlite3_bind_null(handle, place)) }

    /// Binds without a copy, so that the text is there only inside `body`, where the statement has to be run.
    func bind(_ place: Int32, _ text: String, _ body: () throws -> Void) throws {
        guard !text.isEmpty else {
            bindEmpty(place)
            return try body()
        }
        var text = text
        try text.withUTF8 { bytes in
            bindBytes(place, bytes, nil)
            try body()
        }
    }

    /// Binds with a copy: for what is short.
    func bind(_ place: Int32, _ text: String) {
        guard !text.isEmpty else { return bindEmpty(place) }
        var text = text
        text.withUTF8 { bytes in bindBytes(place, bytes, Self.copied) }
    }

    func bind(_ place: Int32, blob: [UInt8]) {
        blob.withUnsafeBytes { bytes in
            bound(
                sqlite3_bind_blob64(handle, place, bytes.baseAddress ?? Self.nothing, UInt64(bytes.count), Self.copied))
        }
    }

    private func bindBytes(
        _ place: Int32, _ bytes: UnsafeBufferPointer<UInt8>, _ destructor: sqlite3_destructor_type?
    ) {
        guard let start = bytes.baseAddress else { return bindEmpty(place) }
        // Rests as a blob if it holds a zero byte: see ``StoredText``.
        if memchr(start, 0, bytes.count) != nil {
            bound(sqlite3_bind_blob64(handle, place, start, UInt64(bytes.count), destructor))
        } else {
            let text = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            bound(sqlite3_bind_text64(handle, place, text, UInt64(bytes.count), destructor, UInt8(SQLITE_UTF8)))
        }
    }

    /// A null pointer would be bound as NULL.
    private func bindEmpty(_ place: Int32) { bound(sqlite3_bind_text(handle, place, "", 0, Self.copied)) }

    private static var nothing: UnsafeRawPointer { UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped }
    /// SQLite's sign for "make a copy".
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    // MARK: Running

    /// Whether there is a row now.
    func step() throws -> Bool {
        guard bindResult == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: bindResult), sql: sql)
        }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw Self.error(connection, sql)
        }
    }

    /// Runs it to its end and makes it ready for the next values; what was bound without a copy is forgotten.
    func run() throws {
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
            bindResult = SQLITE_OK
        }
        while try step() {}
    }

    /// Makes it ready to be stepped from the start.
    func reset() {
        sqlite3_reset(handle)
        bindResult = SQLITE_OK
    }

    private var sql: String? { sqlite3_sql(handle).map { String(cString: $0) } }

    // MARK: Columns of the row

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Numbers that were 64 bits without a sign when they were written.
    func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: int(column)) }

    func task(_ column: Int32) -> TaskID { TaskID(packed: unsigned(column)) }

    func time(_ column: Int32) -> WallTime { WallTime(milliseconds: int(column)) }

    /// A text, however it rests; empty for NULL.
    func text(_ column: Int32) -> String { bytes(column) { String(decoding: $0, as: UTF8.self) } }

    func blob(_ column: Int32) -> [UInt8] { bytes(column) { Array($0) } }

    /// The value's bytes, which are there until the next step.
    func bytes<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let start = sqlite3_column_blob(handle, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// Content in three columns that follow each other: text, hash, size.
    func content(_ column: Int32) -> Content? {
        if !isNull(column) { return .text(text(column)) }
        if isNull(column + 1) { return nil }
        return .blob(BlobRef(sha256: blob(column + 1), size: unsigned(column + 2)))
    }

    /// Usage in four columns that follow each other.
    func usage(_ column: Int32) -> Usage {
        Usage(
            inputTokens: unsigned(column), outputTokens: unsigned(column + 1),
            cacheReadInputTokens: unsigned(column + 2),
            cacheCreationInputTokens: unsigned(column + 3))
    }
}

extension Database {
    /// The connection, for statements of SQLite's own interface.
    func raw() throws -> OpaquePointer {
        guard let sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "it is closed") }
        return sqliteConnection
    }
}
