import ClusterModel
import CoordinatorCore
import Crypto
import Foundation
import Testing

@testable import CoordinatorStore

@Suite("A full disk", .serialized)
struct DiskFullTests {
    /// 12 MB in one transaction.
    private func big(_ job: UInt32) -> [DurableRecord] {
        let text = String(repeating: "☃", count: 20_000)
        let tasks = (0..<200).map { _ in TaskSpec(prompt: .text(text)) }
        return opened(tasks, job: JobID(rawValue: job), sequence: UInt64(job) * 1000)
    }

    private func jobs(_ store: SQLiteStore) throws -> [UInt32] { try store.recover().jobs.map(\.id.rawValue) }

    @Test("A commit throws .diskFull, what was committed stays readable, and commits work again when room is made")
    func commits() throws {
        let disk = try SmallDisk()
        let store = try SQLiteStore.open(directory: disk.path, newStoreID: 42)
        try store.commit(opened([TaskSpec(prompt: .text("small"))]))
        _ = try store.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        for _ in 0..<3 {
            let trouble = #expect(throws: StoreError.self) { try store.commit(big(2)) }
            #expect(trouble?.code == .diskFull && trouble?.description.contains("free some space") == true)
            // The log gave back what the transaction had taken.
            let log = try FileManager.default.attributesOfItem(atPath: store.path + "-wal")[.size] as? Int
            #expect(log == 0)
        }
        #expect(try jobs(store) == [1])
        #expect(try store.prompts([TaskID(job: jobOne, index: 0)]) == [.text("small")])
        // What is small still fits.
        try store.commit([ended(result(0))])
        disk.makeRoom()
        try store.commit(big(2))
        #expect(try jobs(store) == [1, 2])
        #expect(try store.prompts([TaskID(job: JobID(rawValue: 2), index: 199)]).first?.size == 60_000)
    }

    @Test("A coordinator that ends on a full disk finds all of it when there is room again")
    func restart() throws {
        let disk = try SmallDisk()
        var store: SQLiteStore? = try SQLiteStore.open(directory: disk.path, newStoreID: 42)
        try store?.commit(opened([TaskSpec(prompt: .text("small"))]))
        #expect(#expect(throws: StoreError.self) { try store?.commit(big(2)) }?.code == .diskFull)
        store = nil
        do {
            // The new term may fit or not; if not, that is said.
            #expect(try jobs(SQLiteStore.open(directory: disk.path, newStoreID: 42)) == [1])
        } catch {
            #expect((error as? StoreError)?.code == .diskFull)
        }
        disk.makeRoom()
        let next = try SQLiteStore.open(directory: disk.path, newStoreID: 42)
        #expect(try jobs(next) == [1])
        try next.commit(big(2))
        #expect(try jobs(next) == [1, 2])
    }

    @Test("SQLite's own cap on the file's pages is a full disk too")
    func cap() throws {
        let scratch = try ScratchDirectory()
        let store = try SQLiteStore.open(directory: scratch.path, newStoreID: 42)
        try store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 100") }
        try store.commit(opened([TaskSpec(prompt: .text("small"))]))
        #expect(#expect(throws: StoreError.self) { try store.commit(big(2)) }?.code == .diskFull)
        try store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 1000000") }
        try store.commit(big(2))
        #expect(try jobs(store) == [1, 2])
    }

    @Test("A blob that doesn't fit throws .diskFull and gives its room back")
    func blobs() throws {
        let disk = try SmallDisk()
        let store = try BlobStore(directory: disk.path)
        let content = Data(repeating: 7, count: 10 << 20)
        let blob = BlobRef(sha256: Array(SHA256.hash(data: content)), size: UInt64(content.count))
        func put() throws {
            var offset = 0
            while offset < content.count {
                let end = min(offset + Limits.blobChunkBytes, content.count)
                offset = Int(try store.put(blob, offset: UInt64(offset), bytes: content[offset..<end]))
            }
        }
        let trouble = #expect(throws: StoreError.self) { try put() }
        #expect(trouble?.code == .diskFull && !store.has(blob))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/blobs/partial").isEmpty)
        disk.makeRoom()
        try put()
        #expect(store.has(blob))
    }
}
