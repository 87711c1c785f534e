import ClusterModel
import CoordinatorStore
import Foundation
import Logging
import Settings
import Synchronization
import Trust
import ZeroMQ

/// The running parts of a coordinator: store, sockets, threads.
final class Machine: Sendable {

    let endpoints: BoundEndpoints
    private let mailbox: Mailbox<LoopMail>
    private let progress: ProgressBox
    private let gatekeeper: ZAPHandler
    private let blobs: BlobThread
    private let loopThread: OSThread

    init(settings: CoordinatorSettings, logger: Logger) throws {
        let keys = try LoopbackSecret.loadOrCreate(path: settings.secretFile)
        // The secret file's key, which only this user can read, and those of the list.
        let ring = try KeyRing(path: settings.allowedKeys, localKey: keys.publicKey)
        try CoordinatorServer.checkReach(settings)
        var random = SystemRandomNumberGenerator()
        let store = try SQLiteStore.open(
            directory: settings.dataDirectory, newStoreID: random.next(),
            durability: Durability(rawValue: settings.durability) ?? .full)
        let context = try Context()
        let gatekeeper = try ZAPHandler(context: context) { ring.decide($0) }
        self.gatekeeper = gatekeeper
        func listen(_ endpoint: Endpoint) throws -> Socket {
            let socket = try Socket(context, .router)
            try socket.apply(.routerDefaults)
            try socket.curveServer(keys, domain: CoordinatorServer.domain)
            try socket.bind(Self.bindAddress(endpoint))
            return socket
        }
        let agents = try listen(settings.agentsEndpoint)
        let clients = try listen(settings.clientsEndpoint)
        let droppedFrames = DroppedFrames(logger: logger)
        let blobs = try BlobThread(
            context: context, keys: keys, domain: CoordinatorServer.domain,
            bind: Self.bindAddress(settings.blobsEndpoint),
            directory: settings.dataDirectory, ring: ring, droppedFrames: droppedFrames, logger: logger)
        self.blobs = blobs
        endpoints = BoundEndpoints(
            agents: try agents.lastEndpoint, clients: try clients.lastEndpoint, blobs: blobs.endpoint)
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<LoopMail>(limit: CoordinatorServer.mailAtMost, wakeUp: wakeUp)
        self.mailbox = mailbox
        let progress = ProgressBox()
        self.progress = progress
        let loop = try CoordinatorLoop(
            settings: settings, logger: logger, store: store, agents: agents, clients: clients, mailbox: mailbox,
            wakeUp: wakeUp,
            blobs: blobs, ring: ring, droppedFrames: droppedFrames)
        loopThread = try OSThread(name: "loop") {
            let result = Result {
                try loop.run()
                try store.close()
            }
            blobs.stop()
            gatekeeper.stop()
            progress.end(result)
        }
    }

    /// Port 0 means a free one.
    private static func bindAddress(_ endpoint: Endpoint) -> String {
        endpoint.port == 0 ? "tcp://\(endpoint.host):*" : endpoint.description
    }

    /// Tells the loop to commit what it has and end.
    func stop() { _ = mailbox.post(.stop) }

    /// Waits for the loop's end.
    func ended() async throws { try await progress.wait() }
}

/// One end, and everybody who waits for it.
final class ProgressBox: Sendable {
    private struct State {
        var result: Result<Void, any Error>?
        var waiting: [CheckedContinuation<Void, any Error>] = []
    }

    private let state = Mutex(State())

    func end(_ result: Result<Void, any Error>) {
        let waiting = state.withLock { state in
            state.result = result
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }

    func wait() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let known = state.withLock { state in
                if state.result == nil { state.waiting.append(continuation) }
                return state.result
            }
            if let known { continuation.resume(with: known) }
        }
    }
}
