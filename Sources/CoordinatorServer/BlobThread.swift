import ClusterModel
import ClusterWire
import CoordinatorStore
import Foundation
import Logging
import Synchronization
import Trust
import ZeroMQ

/// The blob endpoint: a ROUTER and the blob folder, on one thread of their own, so that large content never passes the loop.
final class BlobThread: Sendable {
    /// A blob is put before the task or result that names it; what was put so lately may still be named.
    static let sweepOlderThan = Milliseconds.seconds(86_400)

    let endpoint: String
    private let orders: OrderBook
    private let wakeUp: WakeUp
    private let thread: OSThread

    init(
        context: Context, keys: CurveKeyPair, domain: String, bind: String, directory: String,
        ring: KeyRing, droppedFrames: DroppedFrames,
        logger: Logger
    ) throws {
        let socket = try Socket(context, .router)
        try socket.apply(.routerDefaults)
        try socket.curveServer(keys, domain: domain)
        try socket.bind(bind)
        endpoint = try socket.lastEndpoint
        let wakeUp = try WakeUp()
        self.wakeUp = wakeUp
        let desk = BlobDesk(
            socket: socket, blobs: try BlobStore(directory: directory), ring: ring, droppedFrames: droppedFrames,
            logger: logger)
        let orders = OrderBook()
        self.orders = orders
        thread = try OSThread(name: "blobs") { desk.run(orders, wakeUp) }
    }

    /// Deletes, on the thread, the blobs that are not among these; a later order takes the place of one that waits.
    func sweep(keeping kept: Set<BlobHash>, now: WallTime) {
        orders.state.withLock { $0.sweep = (kept, now) }
        wakeUp.signal()
    }

    func stop() {
        orders.state.withLock { $0.isStopping = true }
        wakeUp.signal()
        thread.join()
    }
}

/// What the thread is to do beside its requests.
private final class OrderBook: Sendable {
    struct Orders {
        var isStopping = false
        /// Delete the blobs that are not among these.
        var sweep: (kept: Set<BlobHash>, now: WallTime)?
    }

    let state = Mutex(Orders())
}

private final class BlobDesk {
    private let socket: Socket
    private let blobs: BlobStore
    private let ring: KeyRing
    private let droppedFrames: DroppedFrames
    private let logger: Logger

    init(socket: Socket, blobs: BlobStore, ring: KeyRing, droppedFrames: DroppedFrames, logger: Logger) {
        self.socket = socket
        self.blobs = blobs
        self.ring = ring
        self.droppedFrames = droppedFrames
        self.logger = logger
    }

    func run(_ orders: OrderBook, _ wakeUp: WakeUp) {
        defer { socket.close() }
        do {
            var poller = Poller()
            _ = try poller.add(socket)
            let wake = poller.add(wakeUp)
            var incoming = Incoming()
            while true {
                _ = try poller.wait(timeoutMilliseconds: nil)
                if poller.isReadable(wake) {
                    wakeUp.drain()
                    let (isStopping, order) = orders.state.withLock { orders in
                        defer { orders.sweep = nil }
                        return (orders.isStopping, orders.sweep)
                    }
                    if isStopping { return }
                    if let order { sweep(keeping: order.kept, now: order.now) }
                }
                while try socket.receive(into: &incoming) { try serve(incoming) }
            }
        } catch {
            logger.critical("the blob endpoint stopped", metadata: ["error": "\(error)"])
        }
    }

    /// A sweep that can't be done costs room and nothing else: the next prune tries it again.
    private func sweep(keeping kept: Set<BlobHash>, now: WallTime) {
        do {
            let swept = try blobs.sweep(keeping: kept, olderThan: BlobThread.sweepOlderThan, now: now)
            guard swept.blobs > 0 || swept.isPostponed else { return }
            logger.notice(
                swept.isPostponed
                    ? "blobs are being copied or checked: those that nothing names stay until the next prune"
                    : "blobs that nothing names are deleted",
                metadata: ["blobs": "\(swept.blobs)", "bytes": "\(swept.bytes)"])
        } catch {
            logger.error("blobs that nothing names can't be deleted", metadata: ["error": "\(error)"])
        }
    }

    private func serve(_ incoming: Incoming) throws {
        guard let route = incoming.routingID, incoming.frames.count == 2, let payload = incoming.payload else {
            return droppedFrames.drop("not one frame")
        }
        let request: Ccorchestrator_V1_BlobRequest
        do {
            request = try payload.withUnsafeBytes { try Ccorchestrator_V1_BlobRequest(serializedBytes: Data($0)) }
        } catch {
            // A frame that is no request has nobody to be answered.
            return droppedFrames.drop("not a request for a blob")
        }
        var reply = Ccorchestrator_V1_BlobReply()
        reply.requestID = request.requestID
        let peer = ring.peer(incoming.userID)
        do {
            reply.body = try answer(request, peer)
        } catch let error as StoreError {
            reply.failure.code = error.code.name
            reply.failure.message = error.description
        } catch let error as WireError {
            reply.failure.code = "invalid"
            reply.failure.message = error.description
        } catch let error as TrustError {
            reply.failure.code = "forbidden"
            reply.failure.message = error.description
        }
        _ = try socket.send(try reply.serializedBytes() as [UInt8], to: route)
    }

    private func answer(
        _ request: Ccorchestrator_V1_BlobRequest, _ peer: Peer?
    ) throws -> Ccorchestrator_V1_BlobReply.OneOf_Body {
        guard let peer else { throw TrustError(Permissions.notAllowed) }
        if let mismatch = request.protocol.mismatch(with: "the client") { throw WireError(mismatch) }
        switch request.body {
        case .put(let put):
            guard Permissions.mayPut(peer) else {
                throw TrustError(
                    "the key of \(peer.name) has the role \(peer.role.rawValue), and bringing content needs client")
            }
            var progress = Ccorchestrator_V1_PutProgress()
            let blob = try BlobRef(proto: put.blob)
            progress.nextOffset = try blobs.put(blob, offset: put.offset, bytes: put.bytes)
            progress.stored = progress.nextOffset == blob.size
            return .put(progress)
        case .get(let get):
            var chunk = Ccorchestrator_V1_Chunk()
            chunk.offset = get.offset
            chunk.bytes = try blobs.get(try BlobRef(proto: get.blob), offset: get.offset)
            return .chunk(chunk)
        case nil: throw WireError("the request names nothing to do")
        }
    }
}
