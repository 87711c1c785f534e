import ClusterModel
import CoordinatorCore
import Foundation
import GRDB
import Glibc

/// A backup that was made or restored.
public struct BackupReport: Hashable, Sendable {
    /// Size of the database.
    public var bytes: UInt64 = 0
    /// Blobs beside it.
    public var blobs = 0
    /// Blobs that the database names and that were not there; in hexadecimal.
    public var missing: [String] = []
}

extension SQLiteStore {
    /// Pages that a backup copies in one step.
    public static let backupPages: CInt = 2_000

    /// Copies the store as it is now into a new folder, while it goes on. Blobs are hard-linked where that works, else copied.
    ///
    /// It reads on a connection of its own; until it ends, the write-ahead log grows.
    ///
    /// - Parameter target: the folder, which must not exist; it is readable for its user alone.
    /// - Parameter version: of the program, for the backup's note.
    /// - Throws: ``StoreError``; then nothing is left of the folder.
    public func backup(to target: String, version: String, at: WallTime) throws -> BackupReport {
        let target = FileSync.name(target)
        guard mkdir(target, 0o700) == 0 else {
            if errno == EEXIST { throw StoreError(.broken, "\(target) exists: name a folder that does not") }
            throw StoreError.from(errno: errno, path: target)
        }
        do {
            return try BlobFolder.keepingSweepsOut(directory + "/blobs") {
                let file = target + "/coordinator.sqlite"
                let blobs = try copy(to: file)
                var report = try BlobCopy(from: directory + "/blobs", to: target + "/blobs", links: true).copy(blobs)
                report.bytes = try FileSync.size(file)
                try BackupNote(
                    version: version, store: String(storeID.rawValue, radix: 16), madeAtMilliseconds: at.milliseconds,
                    bytes: report.bytes, blobs: report.blobs, missing: report.missing
                ).write(to: target)
                try FileSync.directory(target)
                try FileSync.directory(FileSync.parent(target))
                return report
            }
        } catch {
            let trouble = StoreError.from(error, path: target)
            do {
                try FileManager.default.removeItem(atPath: target)
            } catch {
                throw StoreError(trouble.code, "\(trouble.description) (\(target) is left half made: remove it)")
            }
            throw trouble
        }
    }

    /// Returns the blobs that the copy names.
    private func copy(to file: String) throws -> Set<BlobRef> {
        var configuration = Configuration()
        configuration.readonly = true
        let source = try DatabaseQueue(path: path, configuration: configuration)
        let copy = try DatabaseQueue(path: file)
        let blobs = try copy.writeWithoutTransaction { target in
            try source.read { db in
                // A read pins what is seen: else each commit beside it would make the copy start over.
                _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM meta")
                try db.backup(to: target, pagesPerStep: Self.backupPages)
            }
            // At rest it is one file.
            try target.execute(sql: "PRAGMA journal_mode = DELETE")
            return try Self.blobs(try target.raw())
        }
        try source.close()
        try copy.close()
        guard chmod(file, 0o600) == 0 else { throw StoreError.from(errno: errno, path: file) }
        try FileSync.file(file)
        return blobs
    }
}

/// Copies blobs from one store's folder to another's.
struct BlobCopy {
    var from: String
    var to: String
    /// Hard links where the file system can: blobs never change.
    var links: Bool

    /// What is not there is counted as missing.
    func copy(_ blobs: Set<BlobRef>) throws -> BackupReport {
        var report = BackupReport()
        guard mkdir(to, 0o700) == 0 else { throw StoreError.from(errno: errno, path: to) }
        var homes: Set<String> = []
        // One file a hash, whatever sizes it is named with.
        for hash in Set(blobs.map(\.sha256)) {
            let blob = BlobRef(sha256: hash, size: 0)
            let source = BlobFolder.path(blob, in: from)
            guard FileManager.default.fileExists(atPath: source) else {
                report.missing.append(blob.hex)
                continue
            }
            let target = BlobFolder.path(blob, in: to)
            let home = (target as NSString).deletingLastPathComponent
            if homes.insert(home).inserted, mkdir(home, 0o700) != 0 {
                throw StoreError.from(errno: errno, path: home)
            }
            if !links || link(source, target) != 0 {
                try FileManager.default.copyItem(atPath: source, toPath: target)
                try FileSync.file(target)
            }
            report.blobs += 1
        }
        for home in homes.sorted() { try FileSync.directory(home) }
        try FileSync.directory(to)
        report.missing.sort()
        return report
    }
}
