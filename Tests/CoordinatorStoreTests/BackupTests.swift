import ClusterModel
import Crypto
import Foundation
import GRDB
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

@Suite("Backup, restore, check")
struct BackupTests {
    let scratch: ScratchDirectory
    let data: String
    let backup: String
    let restored: String

    init() throws {
        scratch = try ScratchDirectory()
        data = scratch.path + "/data"
        backup = scratch.path + "/backup"
        restored = scratch.path + "/restored"
    }

    private static let content = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    private static let blob = BlobRef(sha256: Array(SHA256.hash(data: content)), size: UInt64(content.count))

    /// A store with a finished job, one that runs, and a blob.
    private func filled() throws -> SQLiteStore {
        let store = try SQLiteStore.open(directory: data, newStoreID: 42)
        #expect(try BlobStore(directory: data).put(Self.blob, offset: 0, bytes: Self.content) == Self.blob.size)
        try store.commit(opened([TaskSpec(prompt: .blob(Self.blob))]))
        try store.commit(opened([TaskSpec(prompt: .text("b"))], job: JobID(rawValue: 2), sequence: 2))
        var counts = JobCounts()
        (counts.tasks, counts.succeeded) = (1, 1)
        let agent = AgentID(rawValue: 1)
        let open = AttemptNumber(task: TaskID(job: JobID(rawValue: 2), index: 0), attempt: 1)
        try store.commit([
            ended(result(0, answer: .blob(Self.blob))), .assigned(row: 1, agent: agent, [open], at: noon),
            .jobFinished(
                JobSummary(
                    id: jobOne, spec: JobSpec(), submittedAt: noon, finishedAt: noon, sealed: true, counts: counts,
                    usage: Usage(), costMicroUSD: 0)),
        ])
        return store
    }

    private func error(_ body: () throws -> Void) -> StoreError? {
        do { try body() } catch { return error as? StoreError }
        return nil
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private var blobInBackup: String { BlobFolder.path(Self.blob, in: backup + "/blobs") }

    @Test("A backup of a running store is restored as another history, in which nothing is open")
    func roundTrip() throws {
        let store = try filled()
        #expect(try StoreTools.check(directory: data) == [])
        let report = try store.backup(to: backup + "/", version: "1.2.3", at: noon)
        #expect(report.blobs == 1 && report.missing.isEmpty && report.bytes > 4096)
        let note = try BackupNote.read(from: backup)
        #expect(note.version == "1.2.3" && note.store == "2a" && note.madeAtMilliseconds == noon.milliseconds)
        let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        // What comes after it is not in it.
        try store.commit([.queuePaused(true)])
        #expect(try StoreTools.check(directory: backup) == [])
        let back = try StoreTools.restore(from: backup, to: restored + "/", newStoreID: 77)
        #expect(back.blobs == 1 && !exists(restored + ".restoring"))
        #expect(try StoreTools.check(directory: restored) == [])
        let copy = try SQLiteStore.open(directory: restored, newStoreID: 1)
        #expect(copy.storeID.rawValue == 77 && copy.term == 2)
        let (was, now) = (try store.recover(), try copy.recover())
        #expect(was.jobs.map { "\($0)" } == now.jobs.map { "\($0)" })
        #expect(was.frame.assignments.count == 1 && now.frame.assignments.isEmpty && !now.frame.isPaused)
        #expect(try BlobStore(directory: restored).get(Self.blob, offset: 0) == Self.content)
        // It is checked at rest, too.
        try copy.close()
        #expect(try StoreTools.check(directory: restored) == [])
    }

    @Test("A backup is whole while commits go on beside it")
    func online() throws {
        let store = try filled()
        let text = String(repeating: "x", count: 20_000)
        for job in 3..<40 as Range<UInt32> {
            try store.commit(opened([TaskSpec(prompt: .text(text))], job: JobID(rawValue: job), sequence: UInt64(job)))
        }
        let done = DispatchSemaphore(value: 0)
        let stop = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var job: UInt32 = 40
            while stop.wait(timeout: .now()) == .timedOut {
                do {
                    try store.commit(
                        opened([TaskSpec(prompt: .text(text))], job: JobID(rawValue: job), sequence: UInt64(job)))
                } catch {
                    Issue.record(error)
                    break
                }
                job += 1
            }
            done.signal()
        }
        let report = try store.backup(to: backup, version: "1", at: noon)
        stop.signal()
        done.wait()
        #expect(report.missing.isEmpty)
        #expect(try StoreTools.check(directory: backup) == [])
    }

    @Test("A folder that is there is refused, by backup and by restore")
    func refused() throws {
        let store = try filled()
        #expect(
            error { _ = try store.backup(to: scratch.path, version: "1", at: noon) }?.description.contains("exists")
                == true)
        _ = try store.backup(to: backup, version: "1", at: noon)
        #expect(
            error { _ = try StoreTools.restore(from: backup, to: data, newStoreID: 1) }?.description.contains("exists")
                == true)
        let none = error { _ = try StoreTools.restore(from: scratch.path, to: restored, newStoreID: 1) }
        #expect(none?.description.contains("no whole backup") == true && !exists(restored))
    }

    @Test("A damaged backup is refused, and leaves nothing")
    func damagedBackup() throws {
        let store = try filled()
        for job in 3..<60 as Range<UInt32> {
            let text = String(repeating: "y", count: 3000)
            try store.commit(opened([TaskSpec(prompt: .text(text))], job: JobID(rawValue: job), sequence: UInt64(job)))
        }
        _ = try store.backup(to: backup, version: "1", at: noon)
        let file = backup + "/coordinator.sqlite"
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        var holed = whole
        for page in 10..<whole.count / 4096 { holed[page * 4096..<page * 4096 + 60] = Data(repeating: 0xff, count: 60) }
        for bytes in [holed, whole.prefix(whole.count / 2), Data(repeating: 1, count: 9000)] {
            try bytes.write(to: URL(fileURLWithPath: file))
            #expect(error { _ = try StoreTools.restore(from: backup, to: restored, newStoreID: 1) }?.code == .broken)
            #expect(!exists(restored) && !exists(restored + ".restoring"))
            let found = try StoreTools.check(directory: backup)
            #expect(found.first?.contains("damaged") == true, "\(found)")
        }
        try whole.write(to: URL(fileURLWithPath: file))
        _ = try StoreTools.restore(from: backup, to: restored, newStoreID: 1)
    }

    @Test("A blob that is missing or has other content is told, and such a backup is refused")
    func badBlobs() throws {
        let store = try filled()
        _ = try store.backup(to: backup, version: "1", at: noon)
        #expect(unlink(blobInBackup) == 0)
        #expect(try StoreTools.check(directory: backup) == ["blob \(Self.blob.hex) is missing"])
        let missing = error { _ = try StoreTools.restore(from: backup, to: restored, newStoreID: 1) }
        #expect(missing?.code == .noBlob && missing?.description.contains(Self.blob.hex) == true && !exists(restored))
        try Data("other".utf8).write(to: URL(fileURLWithPath: blobInBackup))
        #expect(try StoreTools.check(directory: backup).first?.contains("other content") == true)
        #expect(error { _ = try StoreTools.restore(from: backup, to: restored, newStoreID: 1) }?.code == .badBlob)
        // One that the store itself lacks is no reason to have no backup.
        #expect(unlink(BlobFolder.path(Self.blob, in: data + "/blobs")) == 0)
        let second = scratch.path + "/second"
        #expect(try store.backup(to: second, version: "1", at: noon).missing == [Self.blob.hex])
        #expect(try StoreTools.restore(from: second, to: restored, newStoreID: 1).missing == [Self.blob.hex])
    }

    @Test("A check finds what doesn't fit together, and files that are no blobs")
    func inconsistent() throws {
        let store = try filled()
        try Data("x".utf8).write(to: URL(fileURLWithPath: data + "/blobs/note.txt"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: data + "/mine"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: data + "/secret"))
        try store.pool.write { db in
            try db.execute(
                sql: """
                    DELETE FROM prompts WHERE id = 8589934592; DELETE FROM job_options WHERE job = 2;
                    UPDATE endings SET state = 4; INSERT INTO cancels VALUES (38654705664);
                    INSERT INTO answers VALUES (8589934592, 'a', NULL, 1, NULL, NULL, 0, '');
                    """)
        }
        let found = try StoreTools.check(directory: data, allowing: ["secret"])
        #expect(found.count == 7, "\(found)")
        for word in [
            "task 2.0 has no prompt", "task 2.0 has no options", "answer of task 2.0", "(cancellation) of task 9.0",
            "job 1 finished with", "note.txt is no blob", "mine is no file of a store",
        ] {
            #expect(found.contains { $0.contains(word) }, "\(word) in \(found)")
        }
        #expect(error { _ = try StoreTools.check(directory: restored) }?.description.contains("no store") == true)
    }

    @Test("A sweep deletes old blobs that nothing names, and waits while a backup reads them")
    func sweep() throws {
        let store = try filled()
        let blobs = try BlobStore(directory: data)
        let stray = Data(repeating: 3, count: 70_000)
        let other = BlobRef(sha256: Array(SHA256.hash(data: stray)), size: 70_000)
        #expect(try blobs.put(other, offset: 0, bytes: stray) == other.size)
        let kept = try store.referencedBlobs()
        #expect(kept == [Self.blob.sha256])
        let today = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        #expect(try blobs.sweep(keeping: kept, olderThan: .seconds(3600), now: today) == BlobSweep())
        let tomorrow = WallTime(milliseconds: today.milliseconds + 86_400_000)
        let postponed = try BlobFolder.keepingSweepsOut(data + "/blobs") {
            try blobs.sweep(keeping: kept, olderThan: .seconds(3600), now: tomorrow)
        }
        #expect(postponed.isPostponed && blobs.has(other))
        let swept = try blobs.sweep(keeping: kept, olderThan: .seconds(3600), now: tomorrow)
        #expect(swept.blobs == 1 && swept.bytes == 70_000 && !blobs.has(other) && blobs.has(Self.blob))
    }

    @Test("Paths without a folder lie in the current one")
    func paths() {
        #expect(FileSync.parent("backup") == "." && FileSync.parent("/a/b") == "/a" && FileSync.parent("/a") == "/")
        #expect(FileSync.name("/a/b//") == "/a/b" && FileSync.name("/") == "/" && FileSync.name("a") == "a")
    }

    @Test("A blob that is put again counts as new: whoever put it is about to name it")
    func putAgain() throws {
        let blobs = try BlobStore(directory: data)
        #expect(try blobs.put(Self.blob, offset: 0, bytes: Self.content) == Self.blob.size)
        let path = BlobFolder.path(Self.blob, in: data + "/blobs")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: path)
        #expect(try blobs.put(Self.blob, offset: 0, bytes: Self.content) == Self.blob.size)
        let now = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        #expect(try blobs.sweep(keeping: [], olderThan: .seconds(3600), now: now).blobs == 0 && blobs.has(Self.blob))
    }
}
