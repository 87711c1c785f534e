import ClusterModel
import Crypto
import Foundation
import Glibc

/// Content over 64 KiB, one file a hash under `blobs/`. A blob is there, whole and on disk, or it is not.
///
/// Used from one thread, the blob endpoint's.
public final class BlobStore {
    private struct Upload {
        var handle: FileHandle
        var path: String
        var next: UInt64
        var hash: SHA256
        var touched: ContinuousClock.Instant
    }

    /// Uploads under way at once; one more is refused until another ends or has been idle for ``idleUploadAfter``.
    public static let uploadsAtMost = 256
    /// How long an upload may rest before another may take its place; its sender, if there still is one, starts again.
    public static let idleUploadAfter = Duration.seconds(60)

    private let directory: String
    /// Where the blobs rest.
    var folder: String { directory }
    private let clock: () -> ContinuousClock.Instant
    private var uploads: [BlobRef: Upload] = [:]

    /// Makes the folder and clears what uploads a crash cut short.
    ///
    /// - Parameter clock: the time by which uploads are idle; tests bring their own.
    public init(directory: String, clock: @escaping () -> ContinuousClock.Instant = { .now }) throws {
        self.directory = directory + "/blobs"
        self.clock = clock
        do {
            let partial = self.directory + "/partial"
            if FileManager.default.fileExists(atPath: partial) { try FileManager.default.removeItem(atPath: partial) }
            try FileManager.default.createDirectory(
                atPath: partial, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(.broken, "\(self.directory) can't be made: \(error.localizedDescription)")
        }
    }

    private func path(_ blob: BlobRef) -> String { BlobFolder.path(blob, in: directory) }

    /// Whether the blob is here.
    public func has(_ blob: BlobRef) -> Bool { FileManager.default.fileExists(atPath: path(blob)) }

    /// Takes the next piece of a blob.
    ///
    /// - Returns: the offset that comes next; the blob's size when it is on disk.
    /// - Throws: ``StoreError`` `.badBlob` for bytes beyond the size or a wrong hash, `.diskFull`.
    public func put(_ blob: BlobRef, offset: UInt64, bytes: Data) throws -> UInt64 {
        if has(blob) {
            // It counts as put now: whoever put it will name it, and a sweep must not come in between.
            guard utimensat(AT_FDCWD, path(blob), nil, 0) == 0 else {
                throw StoreError.from(errno: errno, path: path(blob))
            }
            return blob.size
        }
        var upload: Upload
        if offset == 0 {
            abandon(blob)
            upload = try begin(blob)
        } else if let known = uploads[blob] {
            upload = known
        } else {
            return 0
        }
        guard offset == upload.next else { return upload.next }
        guard !bytes.isEmpty else {
            abandon(blob)
            throw StoreError(.badBlob, "a piece of blob \(blob.hex) is empty")
        }
        guard UInt64(bytes.count) <= blob.size - offset else {
            abandon(blob)
            throw StoreError(.badBlob, "blob \(blob.hex) is announced with \(blob.size) bytes and has more")
        }
        do {
            try upload.handle.write(contentsOf: bytes)
        } catch {
            abandon(blob)
            throw StoreError(.diskFull, "blob \(blob.hex) can't be written: \(error.localizedDescription)")
        }
        upload.hash.update(data: bytes)
        upload.next += UInt64(bytes.count)
        upload.touched = clock()
        uploads[blob] = upload
        if upload.next == blob.size { try finish(blob, upload) }
        return upload.next
    }

    private func begin(_ blob: BlobRef) throws -> Upload {
        guard uploads.count < Self.uploadsAtMost || makeRoom() else {
            throw StoreError(.badBlob, "\(Self.uploadsAtMost) uploads are under way: try again")
        }
        // With its size: the same hash announced with two sizes is two uploads, which must not write into one file.
        let partial = "\(directory)/partial/\(blob.hex)-\(blob.size)"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError.from(errno: errno, path: partial) }
        let upload = Upload(
            handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), path: partial, next: 0,
            hash: SHA256(),
            touched: clock())
        uploads[blob] = upload
        return upload
    }

    private func finish(_ blob: BlobRef, _ upload: Upload) throws {
        uploads[blob] = nil
        do {
            guard Array(upload.hash.finalize()) == blob.sha256 else {
                throw StoreError(.badBlob, "blob \(blob.hex) has other content than its hash says")
            }
            try upload.handle.synchronize()
            try upload.handle.close()
            let home = (path(blob) as NSString).deletingLastPathComponent
            let isNew = !FileManager.default.fileExists(atPath: home)
            try FileManager.default.createDirectory(
                atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard rename(upload.path, path(blob)) == 0 else {
                throw StoreError.from(errno: errno, path: path(blob))
            }
            try FileSync.directory(home)
            if isNew { try FileSync.directory(directory) }
        } catch {
            unlink(upload.path)
            throw StoreError.from(error, path: upload.path)
        }
    }

    /// Ends an upload and frees its room: on a full disk it is what is missing.
    private func abandon(_ blob: BlobRef) {
        guard let upload = uploads.removeValue(forKey: blob) else { return }
        unlink(upload.path)
    }

    /// Drops the uploads that nobody has touched for long; false when there is none.
    private func makeRoom() -> Bool {
        let now = clock()
        for (blob, upload) in uploads where now - upload.touched >= Self.idleUploadAfter { abandon(blob) }
        return uploads.count < Self.uploadsAtMost
    }

    /// One piece of a blob, at most ``Limits/blobChunkBytes``.
    public func get(_ blob: BlobRef, offset: UInt64) throws -> Data {
        guard let handle = FileHandle(forReadingAtPath: path(blob)) else {
            throw StoreError(.noBlob, "there is no blob \(blob.hex)")
        }
        guard offset < blob.size else { return Data() }
        do {
            try handle.seek(toOffset: offset)
            let bytes = try handle.read(upToCount: Limits.blobChunkBytes) ?? Data()
            try handle.close()
            return bytes
        } catch {
            throw StoreError(.broken, "blob \(blob.hex) can't be read: \(error.localizedDescription)")
        }
    }
}
