import Foundation
import GRDB
import Glibc

/// A store that can't do what it was asked, in words.
public struct StoreError: Error, CustomStringConvertible, Sendable {
    /// What kind of trouble it is; open for more.
    public struct Code: Hashable, Sendable {
        /// The word that logs and programs read, such as `disk_full`.
        public let name: String
        /// The disk has no room: nothing of the transaction is there.
        public static let diskFull = Code(name: "disk_full")
        /// Another coordinator holds the directory.
        public static let inUse = Code(name: "in_use")
        /// Made by a newer version.
        public static let tooNew = Code(name: "too_new")
        /// A blob's bytes, order or hash are wrong.
        public static let badBlob = Code(name: "bad_blob")
        /// No such blob.
        public static let noBlob = Code(name: "no_blob")
        /// Anything else.
        public static let broken = Code(name: "broken")
    }

    /// What a program may act on.
    public var code: Code
    /// A sentence: what was wrong, where, and what to do.
    public var description: String

    /// An error in these words.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Says what the system answered, and where.
    static func from(errno code: Int32, path: String) -> StoreError {
        if code == ENOSPC || code == EDQUOT {
            return StoreError(.diskFull, "\(path): the disk is full: free some space")
        }
        return StoreError(.broken, "\(path): \(String(cString: strerror(code)))")
    }

    /// Says what SQLite met, and where.
    static func from(_ error: any Error, path: String) -> StoreError {
        if let known = error as? StoreError { return known }
        guard let database = error as? DatabaseError else {
            if (error as? CocoaError)?.code == .fileWriteOutOfSpace { return from(errno: ENOSPC, path: path) }
            return StoreError(.broken, "\(path): \(error)")
        }
        // IOERR_WRITE: a limit on the file's size. IOERR_SHMSIZE: no room for the index of the write-ahead log.
        let full: [ResultCode] = [.SQLITE_FULL, .SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE]
        if full.contains(database.resultCode) || full.contains(database.extendedResultCode) {
            return StoreError(.diskFull, "\(path): the disk is full: free some space")
        }
        return StoreError(.broken, "\(path): \(database.message ?? String(describing: database))")
    }
}
