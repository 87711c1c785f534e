import ClusterTestKit
import Foundation
import Synchronization
import ZeroMQ

/// A DEALER of the test's own, to say what no program of ours would.
final class WirePeer: Sendable {
    private let connection: DealerConnection
    private let received: Received

    private final class Received: Sendable {
        let frames = Mutex<[[UInt8]]>([])
        let refusals = Mutex<[String]>([])
        let isConnected = Atomic(false)
    }

    /// Connects with the fleet's secret, or with a key that nobody let in.
    init(_ fleet: Fleet, to endpoint: String, withOwnKey: Bool = false) throws {
        let secret = fleet.bench.scratch + "/home/.local/state/cc-orchestrator/loopback.secret"
        let keys = try LoopbackSecret.loadOrCreate(path: secret)
        let received = Received()
        self.received = received
        connection = try DealerConnection(
            context: Context(), endpoint: endpoint, keys: withOwnKey ? CurveKeyPair.generate() : keys,
            serverKey: keys.publicKey,
            onConnectionChange: { change in
                switch change {
                case .connected: received.isConnected.store(true, ordering: .releasing)
                case .disconnected: received.isConnected.store(false, ordering: .releasing)
                case .handshakeFailed(let reason): received.refusals.withLock { $0.append(reason) }
                }
            },
            onMessage: { bytes in received.frames.withLock { $0.append(Array(bytes)) } })
    }

    func send(_ frame: [UInt8]) throws { try connection.send(frame) }

    /// The frames that came, once there is one.
    func answers() async throws -> [[UInt8]] {
        try await eventually("an answer on the wire", within: .seconds(10)) { !received.frames.withLock { $0.isEmpty } }
        return received.frames.withLock { $0 }
    }

    func connected() async throws {
        try await eventually("a handshake", within: .seconds(10)) { received.isConnected.load(ordering: .acquiring) }
    }

    /// Why the handshake failed, once it did.
    func refusal() async throws -> String {
        try await eventually("a refusal", within: .seconds(10)) { !received.refusals.withLock { $0.isEmpty } }
        return received.refusals.withLock { $0[0] }
    }

    func close() { connection.close(lingerMilliseconds: 500) }
}

/// A plain TCP connection that writes bytes and hangs up.
func sendRawBytes(_ bytes: [UInt8], to endpoint: String) throws {
    guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
        throw SceneError("\(endpoint) has no port")
    }
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { Foundation.close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw SceneError("\(endpoint): \(String(cString: strerror(errno)))") }
    // The other side may hang up before all is written: that is its right.
    _ = Foundation.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
}
