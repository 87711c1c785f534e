import Testing

@testable import ZeroMQ

/// A context whose ZAP handler admits one key, as the user `alice`.
struct Fixture {
    static let domain = "test"

    let context: Context
    let serverKeys: CurveKeyPair
    let clientKeys: CurveKeyPair
    let zap: ZAPHandler

    init() throws {
        context = try Context()
        serverKeys = try CurveKeyPair.generate()
        let clientKeys = try CurveKeyPair.generate()
        self.clientKeys = clientKeys
        zap = try ZAPHandler(context: context) { request in
            request.domain == Fixture.domain && request.publicKey == clientKeys.publicKey
                ? .allow(userID: "alice") : .deny(reason: "unknown key")
        }
    }

    /// A CURVE ROUTER on a free port.
    func router(_ endpoint: String = "tcp://127.0.0.1:*") throws -> Socket {
        let router = try Socket(context, .router)
        try router.apply(.routerDefaults)
        try router.curveServer(serverKeys, domain: Fixture.domain)
        try router.bind(endpoint)
        return router
    }

    /// A CURVE DEALER, with the admitted key unless another is given.
    func dealer(
        _ endpoint: String, keys: CurveKeyPair? = nil, serverKey: CurvePublicKey? = nil
    ) throws -> (Socket, SocketMonitor) {
        let dealer = try Socket(context, .dealer)
        try dealer.apply(.dealerDefaults)
        try dealer.curveClient(keys ?? clientKeys, serverKey: serverKey ?? serverKeys.publicKey)
        let monitor = try SocketMonitor(dealer)
        try dealer.connect(endpoint)
        return (dealer, monitor)
    }
}

/// Takes a message, waiting for it.
func receive(_ socket: Socket, into incoming: inout Incoming, within milliseconds: Int = 15_000) throws -> Bool {
    var poller = Poller()
    _ = try poller.add(socket)
    let deadline = MonotonicClock.milliseconds + Int64(milliseconds)
    while try !socket.receive(into: &incoming) {
        let remaining = deadline - MonotonicClock.milliseconds
        if remaining <= 0 { return false }
        _ = try poller.wait(timeoutMilliseconds: Int(remaining))
    }
    return true
}

/// Sends a frame, waiting until it is taken.
func send(_ frame: [UInt8], on socket: Socket, within milliseconds: Int = 15_000) throws -> Bool {
    var poller = Poller()
    _ = try poller.add(socket, .writable)
    let deadline = MonotonicClock.milliseconds + Int64(milliseconds)
    while try socket.send(frame) != .sent {
        let remaining = deadline - MonotonicClock.milliseconds
        if remaining <= 0 { return false }
        _ = try poller.wait(timeoutMilliseconds: Int(remaining))
    }
    return true
}

/// Waits for an event of a socket's connections.
func wait(
    for monitor: SocketMonitor, within milliseconds: Int = 15_000, _ isIt: (SocketEvent) -> Bool
) throws -> SocketEvent? {
    var poller = Poller()
    _ = try monitor.add(to: &poller)
    let deadline = MonotonicClock.milliseconds + Int64(milliseconds)
    while true {
        while let event = try monitor.next() {
            if isIt(event) { return event }
        }
        let remaining = deadline - MonotonicClock.milliseconds
        if remaining <= 0 { return nil }
        _ = try poller.wait(timeoutMilliseconds: Int(remaining))
    }
}

func isFailure(_ event: SocketEvent) -> Bool {
    if case .handshakeFailed = event { true } else { false }
}

/// Runs `body` and returns the error it must throw.
func failure(_ body: () throws -> Void) -> ZeroMQError? {
    do {
        try body()
        return nil
    } catch let error as ZeroMQError {
        return error
    } catch {
        Issue.record("another error: \(error)")
        return nil
    }
}
