import ClusterModel
import ClusterWire
import Foundation
import Synchronization
import ZeroMQ

/// A coordinator that does only what a test tells it to: a ROUTER on a thread of its own.
final class FakeCoordinator: Sendable {
    typealias Body = Ccorchestrator_V1_AgentMessage.OneOf_Body

    private struct State {
        var isStopping = false
        var peer: RoutingID?
        var outgoing: [[UInt8]] = []
        var received: [Body] = []
    }

    let endpoint: String
    private let state: SharedState
    private let thread: OSThread
    private let zap: ZAPHandler

    private final class SharedState: Sendable {
        let mutex = Mutex(State())
    }

    /// - Parameter port: 0 takes a free one.
    init(context: Context, keys: CurveKeyPair, port: UInt16 = 0, zap: ZAPHandler? = nil) throws {
        self.zap = try zap ?? ZAPHandler(context: context) { _ in .allow(userID: "test") }
        let socket = try Socket(context, .router)
        try socket.apply(.routerDefaults)
        try socket.curveServer(keys, domain: "agents")
        try socket.bind(port == 0 ? "tcp://127.0.0.1:*" : "tcp://127.0.0.1:\(port)")
        endpoint = try socket.lastEndpoint
        let shared = SharedState()
        state = shared
        nonisolated(unsafe) let owned = socket  // The thread's alone from here on.
        thread = try OSThread(name: "fake") { Self.loop(owned, shared) }
    }

    private static func loop(_ socket: Socket, _ shared: SharedState) {
        var incoming = Incoming()
        var poller = Poller()
        do {
            var answer = Ccorchestrator_V1_CoordinatorMessage()
            answer.heartbeatAck = .init()
            let heartbeatAck: [UInt8] = try answer.serializedBytes()
            _ = try poller.add(socket)
            while !shared.mutex.withLock({ $0.isStopping }) {
                _ = try poller.wait(timeoutMilliseconds: 5)
                while try socket.receive(into: &incoming) {
                    guard let payload = incoming.payload, let peer = incoming.routingID else { continue }
                    let message = try Ccorchestrator_V1_AgentMessage(serializedBytes: payload.bytes)
                    shared.mutex.withLock { state in
                        state.peer = peer
                        if let body = message.body { state.received.append(body) }
                        // An agent that hears nothing says hello again.
                        if case .heartbeat = message.body { state.outgoing.append(heartbeatAck) }
                    }
                }
                let (peer, frames) = shared.mutex.withLock { state in
                    defer { state.outgoing = [] }
                    return (state.peer, state.outgoing)
                }
                for frame in frames { _ = try socket.send(frame, to: peer) }
            }
        } catch {
            print("the fake coordinator broke: \(error)")
        }
        socket.close()
    }

    var port: UInt16 { UInt16(endpoint.split(separator: ":").last ?? "") ?? 0 }

    func stop() {
        state.mutex.withLock { $0.isStopping = true }
        thread.join()
    }

    func send(_ body: Ccorchestrator_V1_CoordinatorMessage.OneOf_Body) throws {
        var message = Ccorchestrator_V1_CoordinatorMessage()
        message.body = body
        let frame: [UInt8] = try message.serializedBytes()
        state.mutex.withLock { $0.outgoing.append(frame) }
    }

    /// The first message that `pick` takes; it and all before it are consumed. Nil when none comes within 20 s.
    func next<T>(_ pick: (Body) -> T?) async throws -> T? {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let found: T? = state.mutex.withLock { state in
                while !state.received.isEmpty {
                    if let found = pick(state.received.removeFirst()) { return found }
                }
                return nil
            }
            if let found { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }

    // MARK: The usual conversation

    func hello() async throws -> Ccorchestrator_V1_AgentHello? {
        try await next { if case .hello(let hello) = $0 { hello } else { nil } }
    }

    func result() async throws -> Ccorchestrator_V1_AttemptResult? {
        try await next { if case .results(let results) = $0 { results.results.first } else { nil } }
    }

    func welcome(
        _ hello: Ccorchestrator_V1_AgentHello, session: UInt64, abandon: [AttemptToken] = [], blobs: String = "",
        heartbeatMilliseconds: UInt32 = 1000
    ) throws {
        var welcome = Ccorchestrator_V1_Welcome()
        welcome.protocol = .current
        welcome.session = session
        welcome.introduction = hello.introduction
        // An agent that hears nothing for three of them says hello again and sends no results until it is welcomed: on a busy machine a
        // short one would do that by chance.
        welcome.heartbeatMs = heartbeatMilliseconds
        welcome.leaseMs = 30_000
        welcome.abandon = abandon.map(\.proto)
        welcome.blobsEndpoint = blobs
        try send(.welcome(welcome))
    }

    func assign(
        _ token: AttemptToken, _ prompt: Content, session: UInt64, options: TaskOptions = TaskOptions(),
        conversation: Conversation? = nil
    ) throws {
        var assignment = Ccorchestrator_V1_Assignment()
        assignment.token = token.proto
        assignment.prompt = prompt.proto
        if let conversation { assignment.conversation = conversation.proto }
        var assign = Ccorchestrator_V1_Assign()
        assign.session = session
        assign.options = [options.proto]
        assign.assignments = [assignment]
        try send(.assign(assign))
    }

    /// Many tasks in one frame, each with its number as its prompt.
    func assign(_ numbers: Range<UInt32>, session: UInt64, options: TaskOptions) throws {
        var assign = Ccorchestrator_V1_Assign()
        assign.session = session
        assign.options = [options.proto]
        assign.assignments = numbers.map { number in
            var assignment = Ccorchestrator_V1_Assignment()
            assignment.token = token(number).proto
            assignment.prompt = Content.text("task \(number)").proto
            return assignment
        }
        try send(.assign(assign))
    }

    /// The results of one frame.
    func results() async throws -> [Ccorchestrator_V1_AttemptResult]? {
        try await next { if case .results(let results) = $0 { results.results } else { nil } }
    }

    func acknowledge(_ tokens: [AttemptToken]) throws {
        var ack = Ccorchestrator_V1_ResultAck()
        ack.tokens = tokens.map(\.proto)
        try send(.resultAck(ack))
    }

    func acknowledge(_ result: Ccorchestrator_V1_AttemptResult) throws {
        var ack = Ccorchestrator_V1_ResultAck()
        ack.tokens = [result.token]
        try send(.resultAck(ack))
    }
}
