import ClusterModel
import ClusterWire
import Crypto
import Foundation
import Synchronization
import ZeroMQ

/// A blob endpoint that keeps everything in memory.
final class FakeBlobs: Sendable {
    private struct State {
        var isStopping = false
        var blobs: [[UInt8]: [UInt8]] = [:]
        var partial: [[UInt8]: [UInt8]] = [:]
    }
    private final class Shared: Sendable {
        let mutex = Mutex(State())
    }

    let endpoint: String
    private let shared: Shared
    private let thread: OSThread

    init(context: Context, keys: CurveKeyPair) throws {
        let socket = try Socket(context, .router)
        try socket.apply(.routerDefaults)
        try socket.curveServer(keys, domain: "blobs")
        try socket.bind("tcp://127.0.0.1:*")
        endpoint = try socket.lastEndpoint
        let shared = Shared()
        self.shared = shared
        nonisolated(unsafe) let owned = socket  // The thread's alone from here on.
        thread = try OSThread(name: "blobs") { Self.loop(owned, shared) }
    }

    func add(_ text: String) -> BlobRef {
        let bytes = Array(text.utf8)
        let hash = Array(SHA256.hash(data: bytes))
        shared.mutex.withLock { $0.blobs[hash] = bytes }
        return BlobRef(sha256: hash, size: UInt64(bytes.count))
    }

    /// Under a hash that isn't its own.
    func addSpoiled(_ text: String) -> BlobRef {
        let hash = Array(SHA256.hash(data: Array("something else".utf8)))
        shared.mutex.withLock { $0.blobs[hash] = Array(text.utf8) }
        return BlobRef(sha256: hash, size: UInt64(text.utf8.count))
    }

    func text(_ hash: [UInt8]) -> String? {
        shared.mutex.withLock { $0.blobs[hash] }.map { String(decoding: $0, as: UTF8.self) }
    }

    func stop() {
        shared.mutex.withLock { $0.isStopping = true }
        thread.join()
    }

    private static func loop(_ socket: Socket, _ shared: Shared) {
        var incoming = Incoming()
        var poller = Poller()
        do {
            _ = try poller.add(socket)
            while !shared.mutex.withLock({ $0.isStopping }) {
                _ = try poller.wait(timeoutMilliseconds: 5)
                while try socket.receive(into: &incoming) {
                    guard let payload = incoming.payload, let peer = incoming.routingID else { continue }
                    let request = try Ccorchestrator_V1_BlobRequest(serializedBytes: payload.bytes)
                    let frame: [UInt8] = try answer(request, shared).serializedBytes()
                    _ = try socket.send(frame, to: peer)
                }
            }
        } catch {
            print("the fake blob endpoint broke: \(error)")
        }
        socket.close()
    }

    private static func answer(_ request: Ccorchestrator_V1_BlobRequest, _ shared: Shared)
        -> Ccorchestrator_V1_BlobReply
    {
        var reply = Ccorchestrator_V1_BlobReply()
        reply.requestID = request.requestID
        shared.mutex.withLock { state in
            switch request.body {
            case .put(let put):
                let hash = Array(put.blob.sha256)
                var bytes = put.offset == 0 ? [] : state.partial[hash] ?? []
                if bytes.count == Int(put.offset) { bytes += put.bytes }
                state.partial[hash] = bytes
                reply.put.nextOffset = UInt64(bytes.count)
                if bytes.count == Int(put.blob.size), Array(SHA256.hash(data: bytes)) == hash {
                    state.blobs[hash] = bytes
                    reply.put.stored = true
                }
            case .get(let get):
                let bytes = state.blobs[Array(get.blob.sha256)] ?? []
                reply.chunk.offset = get.offset
                reply.chunk.bytes = Data(bytes.dropFirst(Int(get.offset)).prefix(Limits.blobChunkBytes))
            case nil:
                reply.failure.code = "empty"
            }
        }
        return reply
    }
}
