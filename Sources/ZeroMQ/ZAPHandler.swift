import Glibc
import Synchronization

/// A peer that asks to be let in.
public struct ZAPRequest: Hashable, Sendable {
    /// `CURVE`, `PLAIN` or `NULL`.
    public let mechanism: String
    /// The domain of the server socket it came to.
    public let domain: String
    /// Its IP address.
    public let address: String
    /// Its key, which it has proved to own; nil unless the mechanism is CURVE.
    public let publicKey: CurvePublicKey?

    /// A peer as given.
    public init(mechanism: String, domain: String, address: String, publicKey: CurvePublicKey?) {
        self.mechanism = mechanism
        self.domain = domain
        self.address = address
        self.publicKey = publicKey
    }
}

/// The answer to a ``ZAPRequest``.
public enum ZAPDecision: Hashable, Sendable {
    /// Let it in; every message it sends carries this name (at most 255 bytes) as ``Message/userID``.
    case allow(userID: String)
    /// Keep it out. The peer learns that, not the reason, which is for our log.
    case deny(reason: String)
}

/// Decides which keys may connect to the CURVE servers of a context (ZeroMQ's RFC 27), on a thread of its own.
///
/// Start it before the first bind. It is asked once a handshake: who is shut out later stays connected, so check
/// ``Message/userID`` on every message too.
public final class ZAPHandler: Sendable {
    static let endpoint = "inproc://zeromq.zap.01"

    private let wakeUp: WakeUp
    private let state: ZAPState
    private let thread: OSThread

    /// Starts to answer.
    /// - Parameter decide: called on the handler's thread; every handshake of the context waits for it.
    /// - Throws: ``ZeroMQError`` when the context already has a handler or the machine is out of resources.
    public init(context: Context, _ decide: @escaping @Sendable (ZAPRequest) -> ZAPDecision) throws {
        let wakeUp = try WakeUp()
        let state = ZAPState()
        let loop = try ZAPLoop(context, wakeUp, state, decide)
        self.wakeUp = wakeUp
        self.state = state
        thread = try OSThread(name: "zap") { loop.run() }
    }

    deinit { stop() }

    /// How many requests were refused or malformed.
    public var denials: Int { state.denials.load(ordering: .relaxed) }

    /// What ended the thread before ``stop()``; nil while all is well.
    public var failure: ZeroMQError? { state.failure.withLock { $0 } }

    /// Ends the thread and waits for it; no new peer gets in afterwards.
    public func stop() {
        state.isStopping.store(true, ordering: .releasing)
        wakeUp.signal()
        thread.join()
    }
}

private final class ZAPState: Sendable {
    let denials = Atomic(0)
    let isStopping = Atomic(false)
    let failure = Mutex<ZeroMQError?>(nil)
}

/// The thread's side: one request, one answer.
private final class ZAPLoop {
    private static let version = Array("1.0".utf8)
    private static let maximumUserIDBytes = 255

    private let socket: Socket
    private let wakeUp: WakeUp
    private let state: ZAPState
    private let decide: @Sendable (ZAPRequest) -> ZAPDecision

    init(
        _ context: Context, _ wakeUp: WakeUp, _ state: ZAPState,
        _ decide: @escaping @Sendable (ZAPRequest) -> ZAPDecision
    ) throws {
        socket = try Socket(context, .rep)
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        try socket.apply(options)
        try socket.bind(ZAPHandler.endpoint)
        self.wakeUp = wakeUp
        self.state = state
        self.decide = decide
    }

    func run() {
        do {
            var poller = Poller()
            let wake = poller.add(wakeUp)
            _ = try poller.add(socket)
            var incoming = Incoming()
            while true {
                _ = try poller.wait(timeoutMilliseconds: nil)
                if poller.isReadable(wake) { wakeUp.drain() }
                if state.isStopping.load(ordering: .acquiring) { break }
                while try socket.receive(into: &incoming) {
                    _ = try socket.send(frames: answer(incoming))
                }
            }
        } catch let error as ZeroMQError {
            state.failure.withLock { $0 = error }
        } catch {
            state.failure.withLock { $0 = ZeroMQError(.system, "the ZAP handler ended: \(error)") }
        }
        socket.close()
    }

    private func answer(_ incoming: Incoming) -> [[UInt8]] {
        let requestID = incoming.frames.count > 1 ? incoming.frames[1].bytes : []
        guard let request = Self.parse(incoming) else {
            state.denials.add(1, ordering: .relaxed)
            return Self.reply(requestID, "400", "malformed request", "")
        }
        switch decide(request) {
        case .allow(let userID) where userID.utf8.count <= Self.maximumUserIDBytes:
            return Self.reply(requestID, "200", "OK", userID)
        case .allow, .deny:
            state.denials.add(1, ordering: .relaxed)
            return Self.reply(requestID, "400", "not admitted", "")
        }
    }

    /// Version, request id, domain, address, routing id, mechanism, credentials.
    private static func parse(_ incoming: Incoming) -> ZAPRequest? {
        let frames = incoming.frames
        guard !incoming.isTruncated, frames.count >= 6, frames[0].bytes == version else { return nil }
        let mechanism = text(frames[5])
        var publicKey: CurvePublicKey?
        if mechanism == "CURVE" {
            guard frames.count == 7, let key = CurvePublicKey(bytes: frames[6].bytes) else { return nil }
            publicKey = key
        }
        return ZAPRequest(
            mechanism: mechanism, domain: text(frames[2]), address: text(frames[3]), publicKey: publicKey)
    }

    private static func text(_ message: Message) -> String {
        message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private static func reply(_ requestID: [UInt8], _ status: String, _ text: String, _ userID: String) -> [[UInt8]] {
        [version, requestID, Array(status.utf8), Array(text.utf8), Array(userID.utf8), []]
    }
}
