import ClusterModel
import ClusterWire
import ZeroMQ

/// An agent without disk and work, on a socket of its own; it belongs to the thread that made it.
///
/// It says what an agent says: a hello when it is connected and when it is asked to introduce itself, heartbeats, and
/// results in the session of the latest welcome.
final class FakeAgent {
    let socket: Socket
    private let number: Int
    private let capacity: Int
    private let heartbeatNanoseconds: UInt64
    private var introduction: UInt64 = 0
    private var session: UInt64?
    private(set) var isGreeted = false
    private var nextHeartbeat: UInt64 = 0
    private var held: Set<AttemptToken> = []
    private var incoming = Incoming()

    init(_ context: Context, endpoint: String, keys: CurveKeyPair, number: Int, capacity: Int, heartbeat: Duration)
        throws
    {
        self.number = number
        self.capacity = capacity
        heartbeatNanoseconds = UInt64(heartbeat.inSeconds * 1e9)
        socket = try Socket(context, .dealer)
        try socket.apply(.dealerDefaults)
        try socket.curveClient(keys, serverKey: keys.publicKey)
        try socket.connect(endpoint)
    }

    /// Attempts that it was given and has not answered.
    var heldCount: Int { held.count }

    /// Nil while a hello has no answer.
    var isWelcome: Bool { session != nil }

    /// Reads what has come.
    /// - Parameter onAssigned: Called with the tokens of each message that brings work.
    func receive(_ onAssigned: ([Ccorchestrator_V1_AttemptToken]) throws -> Void) throws {
        while try socket.receive(into: &incoming) {
            guard let payload = incoming.payload else { continue }
            let message = try Ccorchestrator_V1_CoordinatorMessage(serializedBytes: payload.bytes)
            switch message.body {
            case .welcome(let welcome) where welcome.introduction == introduction: session = welcome.session
            case .introduceYourself: try greet()
            case .refusal(let refusal):
                throw BenchError("the coordinator refuses an agent of the benchmark: \(refusal.message)")
            case .assign(let assign) where assign.session == session:
                for assignment in assign.assignments { held.insert(try AttemptToken(proto: assignment.token)) }
                try onAssigned(assign.assignments.map(\.token))
            case .cancel(let cancel):
                for token in cancel.tokens { held.remove(try AttemptToken(proto: token)) }
            default: break
            }
        }
    }

    /// A hello, which begins a new session. What it holds is named.
    func greet() throws {
        introduction += 1
        session = nil
        var message = Ccorchestrator_V1_AgentMessage()
        message.hello.protocol = .current
        message.hello.version = Product.version
        message.hello.agentID = UInt64(number) + 1
        message.hello.incarnation = 1
        message.hello.name = "bench-\(number)"
        message.hello.host = "bench"
        message.hello.pid = 1
        message.hello.capacity = UInt32(capacity)
        message.hello.runners = ["noop"]
        message.hello.running = held.map(\.proto)
        message.hello.introduction = introduction
        isGreeted = try send(message)
    }

    /// A heartbeat, when it is time.
    func heartbeat(at now: UInt64) throws {
        guard let session, now >= nextHeartbeat else { return }
        nextHeartbeat = now + heartbeatNanoseconds
        var message = Ccorchestrator_V1_AgentMessage()
        message.heartbeat.session = session
        message.heartbeat.capacity = UInt32(capacity)
        message.heartbeat.busy = UInt32(held.count)
        try send(message)
    }

    /// Tells that these have succeeded.
    func finish(_ tokens: [Ccorchestrator_V1_AttemptToken]) throws {
        var message = Ccorchestrator_V1_AgentMessage()
        message.results.session = session ?? 0
        message.results.results = try tokens.map { token in
            held.remove(try AttemptToken(proto: token))
            var result = Ccorchestrator_V1_AttemptResult()
            result.token = token
            result.state = .succeeded
            result.answer.text = "done"
            return result
        }
        try send(message)
    }

    /// False: the socket is not connected, or has no room.
    @discardableResult
    private func send(_ message: Ccorchestrator_V1_AgentMessage) throws -> Bool {
        try socket.send(try message.serializedBytes() as [UInt8]) == .sent
    }
}
