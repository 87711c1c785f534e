import ClusterModel
import CoordinatorCore
import Crypto
import Foundation
import GRDB

/// What is done to a store's folder from outside.
public enum StoreTools {
    /// Makes a store of a backup, for a coordinator that is not running yet.
    ///
    /// It has a new id, so that results of the history that the backup left are told apart, and no attempt is open in it: what
    /// ran when the backup was made is queued again.
    ///
    /// - Parameter directory: the new data directory, which must not exist.
    /// - Parameter newStoreID: random, from the caller.
    /// - Throws: ``StoreError`` when the backup is damaged or the directory is there; then nothing is left of the directory.
    public static func restore(from backup: String, to directory: String, newStoreID: UInt64) throws -> BackupReport {
        let directory = FileSync.name(directory)
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw StoreError(.broken, "\(directory) exists: move it away or name another --data-dir")
        }
        let note = try BackupNote.read(from: backup)
        // Under another name until it is whole.
        let partial = directory + ".restoring"
        guard mkdir(partial, 0o700) == 0 else {
            if errno == EEXIST { throw StoreError(.broken, "\(partial) is left of another restore: remove it") }
            throw StoreError.from(errno: errno, path: partial)
        }
        do {
            let file = partial + "/coordinator.sqlite"
            try FileManager.default.copyItem(atPath: backup + "/coordinator.sqlite", toPath: file)
            let blobs = try prepare(file, newStoreID: newStoreID)
            var report = try BlobCopy(from: backup + "/blobs", to: partial + "/blobs", links: false).copy(blobs)
            report.bytes = try FileSync.size(file)
            let lost = report.missing.filter { !note.missing.contains($0) }
            if let first = lost.first {
                throw StoreError(
                    .noBlob, "\(backup) lacks \(lost.count) of its blobs, such as \(first): take another backup")
            }
            for blob in blobs where !report.missing.contains(blob.hex) {
                if let wrong = try BlobFolder.finding(blob, in: partial + "/blobs") {
                    throw StoreError(.badBlob, "\(wrong): take another backup")
                }
            }
            try FileSync.file(file)
            try FileSync.directory(partial)
            guard rename(partial, directory) == 0 else { throw StoreError.from(errno: errno, path: directory) }
            try FileSync.directory(FileSync.parent(directory))
            return report
        } catch {
            let trouble = StoreError.from(error, path: backup)
            do {
                if FileManager.default.fileExists(atPath: partial) {
                    try FileManager.default.removeItem(atPath: partial)
                }
            } catch {
                throw StoreError(trouble.code, "\(trouble.description) (\(partial) is left half made: remove it)")
            }
            throw trouble
        }
    }

    /// Checks the copy, brings it up to date, and makes another history of it. Returns the blobs that it names.
    private static func prepare(_ file: String, newStoreID: UInt64) throws -> Set<BlobRef> {
        let copy = try DatabaseQueue(path: file)
        let complaints = try copy.read { db in try integrity(db) }
        if let first = complaints.first {
            throw StoreError(.broken, "the backup's database is damaged (\(first)): take another backup")
        }
        let migrator = Schema.migrator
        if try copy.read({ db in try migrator.hasBeenSuperseded(db) }) {
            throw StoreError(.tooNew, "the backup was made by a newer version of cc-coordinator: install that one")
        }
        try migrator.migrate(copy)
        let blobs = try copy.write { db in
            try db.execute(
                sql: "UPDATE meta SET value = ? WHERE key = 'store'; DELETE FROM assignments;",
                arguments: [Int64(bitPattern: newStoreID)])
            return try SQLiteStore.blobs(try db.raw())
        }
        try copy.close()
        return blobs
    }

    /// What SQLite itself finds wrong; empty: nothing.
    static func integrity(_ db: Database) throws -> [String] {
        do {
            return try String.fetchAll(db, sql: "PRAGMA integrity_check(\(findingsAtMost))").filter { $0 != "ok" }
        } catch let error as DatabaseError {
            return [error.message ?? String(describing: error)]
        }
    }
}

extension BlobFolder {
    /// What is wrong with a blob's file, as a sentence; nil: nothing.
    static func finding(_ blob: BlobRef, in folder: String) throws -> String? {
        let path = path(blob, in: folder)
        guard let handle = FileHandle(forReadingAtPath: path) else { return "blob \(blob.hex) is missing" }
        var hash = SHA256()
        var size: UInt64 = 0
        do {
            while let piece = try handle.read(upToCount: Limits.blobChunkBytes), !piece.isEmpty {
                hash.update(data: piece)
                size += UInt64(piece.count)
            }
            try handle.close()
        } catch {
            return "blob \(blob.hex) can't be read (\(error.localizedDescription))"
        }
        guard Array(hash.finalize()) == blob.sha256 else {
            return "blob \(blob.hex) has other content than its hash says"
        }
        return size == blob.size ? nil : "blob \(blob.hex) has \(size) bytes, and is named with \(blob.size)"
    }
}
