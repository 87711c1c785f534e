import ClusterModel
import Foundation
import Glibc

/// What a sweep took away.
public struct BlobSweep: Hashable, Sendable {
    /// Blobs deleted.
    public var blobs = 0
    /// Their bytes.
    public var bytes: UInt64 = 0
    /// A backup or a check reads the blobs now, so nothing was deleted: try again later.
    public var isPostponed = false
}

extension BlobStore {
    /// Deletes the blobs that nothing names. A blob is put before it is named, so one that was put not long ago stays.
    ///
    /// - Parameter kept: the hashes of ``SQLiteStore/referencedBlobs()``, read while `age` was longer than a submit takes.
    /// - Parameter age: in whole milliseconds since it was last put.
    /// - Parameter now: the calendar's, as file times are.
    public func sweep(keeping kept: Set<BlobHash>, olderThan age: Milliseconds, now: WallTime) throws -> BlobSweep {
        var swept = BlobSweep()
        guard let hold = try BlobFolder.hold(folder, alone: true) else {
            swept.isPostponed = true
            return swept
        }
        defer { close(hold) }
        for file in try BlobFolder.files(in: folder) {
            guard let hash = file.hash, !kept.contains(hash) else { continue }
            var info = stat()
            guard stat(file.path, &info) == 0 else { throw StoreError.from(errno: errno, path: file.path) }
            let changed = Int64(info.st_mtim.tv_sec) * 1000 + Int64(info.st_mtim.tv_nsec) / 1_000_000
            guard now.milliseconds - changed >= age.rawValue else { continue }
            guard unlink(file.path) == 0 else { throw StoreError.from(errno: errno, path: file.path) }
            swept.blobs += 1
            swept.bytes += UInt64(info.st_size)
        }
        return swept
    }
}

/// The folder in which blobs rest: `blobs/ab/ab…`, one file a hash.
enum BlobFolder {
    struct File {
        var path: String
        /// Nil: it is no blob's name.
        var hash: BlobHash?
    }

    static func path(_ blob: BlobRef, in folder: String) -> String {
        let hex = blob.hex
        return "\(folder)/\(hex.prefix(2))/\(hex)"
    }

    /// Every file but the uploads under way; none when there is no folder.
    static func files(in folder: String) throws -> [File] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        do {
            var found: [File] = []
            for home in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where home != "partial" {
                let path = folder + "/" + home
                var isDirectory: ObjCBool = false
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue
                else {
                    found.append(File(path: path, hash: nil))
                    continue
                }
                for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() {
                    let hash = name.hasPrefix(home) && home.utf8.count == 2 ? Self.hash(name) : nil
                    found.append(File(path: path + "/" + name, hash: hash))
                }
            }
            return found
        } catch {
            throw StoreError(.broken, "\(folder) can't be listed: \(error.localizedDescription)")
        }
    }

    /// Runs `body` while no sweep takes a blob away; without a folder there is none.
    static func keepingSweepsOut<T>(_ folder: String, _ body: () throws -> T) throws -> T {
        guard FileManager.default.fileExists(atPath: folder) else { return try body() }
        guard let hold = try hold(folder, alone: false) else {
            throw StoreError(.broken, "\(folder) can't be locked: try again")
        }
        defer { close(hold) }
        return try body()
    }

    private static func hash(_ name: String) -> BlobHash? {
        let digits = Array(name.utf8)
        guard digits.count == 64, name == name.lowercased() else { return nil }
        var bytes: BlobHash = []
        for place in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    /// Keeps sweeps out, which it waits for, or, `alone`, everybody: nil when another has it. Ends when the descriptor is closed.
    static func hold(_ folder: String, alone: Bool) throws -> Int32? {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.from(errno: errno, path: folder) }
        guard flock(descriptor, alone ? LOCK_EX | LOCK_NB : LOCK_SH) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
