import ClusterModel
import Crypto
import Foundation
import Testing

@testable import CoordinatorStore

@Suite("BlobStore")
struct BlobStoreTests {
    let scratch: ScratchDirectory
    init() throws { scratch = try ScratchDirectory() }

    private static let content = Data((0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    private static let blob = BlobRef(sha256: Array(SHA256.hash(data: content)), size: UInt64(content.count))

    private func piece(_ offset: Int) -> Data {
        Self.content[offset..<min(offset + Limits.blobChunkBytes, Self.content.count)]
    }

    private func error(_ body: () throws -> Void) -> StoreError? {
        do { try body() } catch { return error as? StoreError }
        return nil
    }

    private var partials: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/blobs/partial") }
    }

    private func putAll(_ store: BlobStore) throws {
        var offset = 0
        while offset < Self.content.count {
            offset = Int(try store.put(Self.blob, offset: UInt64(offset), bytes: piece(offset)))
        }
    }

    @Test("A blob goes in and out in pieces; it is there only when it is whole")
    func pieces() throws {
        let store = try BlobStore(directory: scratch.path)
        var offset = 0
        while offset < Self.content.count {
            #expect(!store.has(Self.blob))
            let next = Int(try store.put(Self.blob, offset: UInt64(offset), bytes: piece(offset)))
            #expect(next == min(offset + Limits.blobChunkBytes, Self.content.count))
            offset = next
        }
        #expect(store.has(Self.blob))
        #expect(try partials.isEmpty)
        var read = Data()
        while read.count < Self.content.count {
            let bytes = try store.get(Self.blob, offset: UInt64(read.count))
            #expect(bytes.count == min(Limits.blobChunkBytes, Self.content.count - read.count))
            read += bytes
        }
        #expect(read == Self.content)
        // Put again: it is here already, whoever sends it.
        #expect(try store.put(Self.blob, offset: 0, bytes: piece(0)) == Self.blob.size)
        #expect(try store.get(Self.blob, offset: Self.blob.size).isEmpty)
        #expect(try store.get(Self.blob, offset: .max).isEmpty)
        // Another process finds it too.
        #expect(try BlobStore(directory: scratch.path).has(Self.blob))
    }

    @Test("A piece out of its order is told which one comes next; the first one starts over")
    func offsets() throws {
        let store = try BlobStore(directory: scratch.path)
        #expect(try store.put(Self.blob, offset: 262_144, bytes: piece(262_144)) == 0)
        #expect(try store.put(Self.blob, offset: 0, bytes: piece(0)) == 262_144)
        #expect(try store.put(Self.blob, offset: 524_288, bytes: piece(524_288)) == 262_144)
        #expect(try store.put(Self.blob, offset: .max, bytes: piece(0)) == 262_144)
        #expect(try store.put(Self.blob, offset: 0, bytes: piece(0)) == 262_144)
        try putAll(store)
        #expect(store.has(Self.blob))
    }

    @Test("Other content than its hash says, or more than its size, is refused and leaves nothing")
    func wrong() throws {
        let store = try BlobStore(directory: scratch.path)
        let small = BlobRef(sha256: Array(repeating: 1, count: 32), size: 3)
        let hash = error { _ = try store.put(small, offset: 0, bytes: Data([1, 2, 3])) }
        #expect(hash?.code == .badBlob && hash?.description.contains("hash") == true)
        let long = error { _ = try store.put(small, offset: 0, bytes: Data([1, 2, 3, 4])) }
        #expect(long?.code == .badBlob && long?.description.contains("more") == true)
        #expect(error { _ = try store.put(small, offset: 0, bytes: Data()) }?.code == .badBlob)
        #expect(!store.has(small))
        #expect(try partials.isEmpty)
        #expect(error { _ = try store.get(small, offset: 0) }?.code == .noBlob)
    }

    @Test("One hash announced with two sizes: the wrong one can't damage the right one")
    func twoSizes() throws {
        let store = try BlobStore(directory: scratch.path)
        let liar = BlobRef(sha256: Self.blob.sha256, size: Self.blob.size + 1)
        #expect(try store.put(Self.blob, offset: 0, bytes: piece(0)) == 262_144)
        #expect(try store.put(liar, offset: 0, bytes: Data(repeating: 0, count: 100_000)) == 100_000)
        #expect(try store.put(Self.blob, offset: 262_144, bytes: piece(262_144)) == 524_288)
        #expect(try store.put(Self.blob, offset: 524_288, bytes: piece(524_288)) == Self.blob.size)
        #expect(try store.get(Self.blob, offset: 0) == piece(0))
    }

    @Test("A restart clears what was cut short, and keeps what is whole")
    func restart() throws {
        do {
            let store = try BlobStore(directory: scratch.path)
            try putAll(store)
            #expect(
                try store.put(BlobRef(sha256: Array(repeating: 2, count: 32), size: 10), offset: 0, bytes: Data([1]))
                    == 1)
        }
        #expect(try partials.count == 1)
        let store = try BlobStore(directory: scratch.path)
        #expect(try partials.isEmpty)
        #expect(store.has(Self.blob))
        #expect(
            try store.put(BlobRef(sha256: Array(repeating: 2, count: 32), size: 10), offset: 1, bytes: Data([1])) == 0)
    }

    @Test("Uploads under way have a limit; those that nobody goes on with make room after a while")
    func limit() throws {
        var now = ContinuousClock.now
        let store = try BlobStore(directory: scratch.path, clock: { now })
        func upload(_ number: Int) -> BlobRef {
            BlobRef(sha256: Array(repeating: UInt8(number & 255), count: 31) + [UInt8(number >> 8)], size: 10)
        }
        for number in 0..<BlobStore.uploadsAtMost {
            #expect(try store.put(upload(number), offset: 0, bytes: Data([1])) == 1)
        }
        now += .seconds(30)
        #expect(try store.put(upload(0), offset: 1, bytes: Data([1])) == 2)
        #expect(
            error { _ = try store.put(upload(999), offset: 0, bytes: Data([1])) }?.description.contains("try again")
                == true)
        now += .seconds(30)
        #expect(try store.put(upload(999), offset: 0, bytes: Data([1])) == 1)
        #expect(try partials.count == 2)
        #expect(try store.put(upload(0), offset: 2, bytes: Data([1])) == 3)
        #expect(try store.put(upload(1), offset: 1, bytes: Data([1])) == 0)
    }
}
