import ClusterTestKit
import Synchronization
import ZeroMQ

/// A coordinator of another protocol: it answers whatever comes with one frame that a test has made.
final class NewerCoordinator: Sendable {
    let endpoint: String
    private let stopping: WakeUp
    private let gatekeeper: ZAPHandler
    private let thread: OSThread

    /// - Parameter answer: Makes the answer to a frame.
    init(_ bench: Workbench, answer: @escaping @Sendable ([UInt8]) throws -> [UInt8]) throws {
        let secret = bench.scratch + "/home/.local/state/cc-orchestrator/loopback.secret"
        let keys = try LoopbackSecret.loadOrCreate(path: secret)
        let context = try Context()
        gatekeeper = try ZAPHandler(context: context) { _ in .allow(userID: "test") }
        let socket = try Socket(context, .router)
        try socket.apply(.routerDefaults)
        try socket.curveServer(keys, domain: "newer")
        try socket.bind("tcp://127.0.0.1:*")
        endpoint = try socket.lastEndpoint
        let stopping = try WakeUp()
        self.stopping = stopping
        nonisolated(unsafe) let owned = socket  // The thread's alone from here on.
        thread = try OSThread(name: "newer") { Self.serve(owned, until: stopping, answer) }
    }

    private static func serve(_ socket: Socket, until stopping: WakeUp, _ answer: ([UInt8]) throws -> [UInt8]) {
        defer { socket.close() }
        var poller = Poller()
        var incoming = Incoming()
        do {
            _ = try poller.add(socket)
            let stop = poller.add(stopping)
            while true {
                _ = try poller.wait(timeoutMilliseconds: nil)
                if poller.isReadable(stop) { return }
                while try socket.receive(into: &incoming) {
                    guard let payload = incoming.payload, let route = incoming.routingID else { continue }
                    _ = try socket.send(try answer(payload.bytes), to: route)
                }
            }
        } catch {
            print("the coordinator of another protocol broke: \(error)")
        }
    }

    func stop() {
        stopping.signal()
        thread.join()
        gatekeeper.stop()
    }
}
