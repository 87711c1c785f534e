import ClusterModel
import ClusterWire
import Synchronization

/// Who this agent is, in every hello.
struct AgentIdentity: Sendable {
    var id: AgentID
    /// Made at each start of the program.
    var incarnation: UInt64
    var name: String
    var host: String
    var pid: Int32
    var runners: [String]
    var labels: [String: String]
    var claudeVersion: String
    /// Its instances' calls ask for no permits.
    var isUnmetered = false
}

/// What the coordinator and this agent have agreed on, and which attempts this agent answers for.
///
/// It stands apart from the engine because a hello is written on the connection's thread: whatever that hello names or doesn't name must agree with
/// what the engine accepts at that moment. So both look here, under one lock.
struct SessionLedger: Sendable {
    /// A welcome's terms.
    struct Terms: Hashable, Sendable {
        var session: UInt64
        var store: UInt64
        var term: UInt64
        var heartbeat: Milliseconds
        var lease: Milliseconds
        var blobsEndpoint: String
    }

    let identity: AgentIdentity
    var capacity: Int
    private(set) var introduction: UInt64 = 0
    /// Nil while a hello of ours has no answer.
    private(set) var terms: Terms?
    private enum Phase {
        /// Accepted and not yet in the outbox.
        case running
        /// In the outbox.
        case finished
    }
    private var phases: [AttemptToken: Phase] = [:]
    var running: [AttemptToken] { phases.compactMap { $1 == .running ? $0 : nil } }
    var finished: [AttemptToken] { phases.compactMap { $1 == .finished ? $0 : nil } }

    init(identity: AgentIdentity, capacity: Int) {
        self.identity = identity
        self.capacity = capacity
    }

    /// Begins a new session: work that was sent before this hello is dropped from here on.
    mutating func introduce() -> Ccorchestrator_V1_AgentMessage {
        introduction += 1
        terms = nil
        var hello = Ccorchestrator_V1_AgentHello()
        hello.protocol = .current
        hello.version = Product.version
        hello.agentID = identity.id.rawValue
        hello.incarnation = identity.incarnation
        hello.name = identity.name
        hello.host = identity.host
        hello.pid = UInt32(identity.pid)
        hello.capacity = UInt32(capacity)
        hello.runners = identity.runners
        hello.labels = identity.labels
        hello.running = running.map(\.proto)
        hello.finished = finished.map(\.proto)
        hello.introduction = introduction
        hello.claudeVersion = identity.claudeVersion
        hello.isUnmetered = identity.isUnmetered
        var message = Ccorchestrator_V1_AgentMessage()
        message.hello = hello
        return message
    }

    /// False for the answer to an earlier hello.
    mutating func welcomed(_ welcome: Ccorchestrator_V1_Welcome) -> Bool {
        guard welcome.introduction == introduction else { return false }
        terms = Terms(
            session: welcome.session, store: welcome.store, term: welcome.term,
            heartbeat: Milliseconds(Int64(max(welcome.heartbeatMs, 100))), lease: Milliseconds(Int64(welcome.leaseMs)),
            blobsEndpoint: welcome.blobsEndpoint)
        return true
    }

    /// Takes an attempt of this session; false when it was sent to an older one, or is here already.
    mutating func accept(_ token: AttemptToken, session: UInt64) -> Bool {
        guard let terms, terms.session == session else { return false }
        guard let phase = phases.updateValue(.running, forKey: token) else { return true }
        // It was here: as it was.
        phases[token] = phase
        return false
    }

    /// Its result is on disk; false when nobody asks for it any more.
    @discardableResult
    mutating func finish(_ token: AttemptToken) -> Bool {
        guard let place = phases.index(forKey: token) else { return false }
        phases.values[place] = .finished
        return true
    }

    /// In the outbox since an earlier run of the program.
    mutating func found(_ token: AttemptToken) { phases[token] = .finished }

    /// It is nobody's business any more.
    mutating func forget(_ token: AttemptToken) { phases[token] = nil }
}

/// A ledger that the connection's thread and the engine share.
final class SharedLedger: Sendable {
    private let ledger: Mutex<SessionLedger>

    init(_ ledger: SessionLedger) { self.ledger = Mutex(ledger) }

    func withLock<R: Sendable>(_ body: (inout SessionLedger) throws -> R) rethrows -> R {
        try ledger.withLock { try body(&$0) }
    }

    /// A hello as a frame.
    func helloFrame() throws -> [UInt8] {
        let message = withLock { $0.introduce() }
        return try message.serializedBytes()
    }
}
