import ClusterModel
import ClusterWire
import Foundation
import Synchronization
import ZeroMQ

/// An agent without a pool: it says hello and heartbeats, and hands what it is given to `onWork`. It keeps no outbox.
final class FakeAgent: Sendable {
    private struct State {
        var introduction: UInt64 = 0
        var session: UInt64 = 0
        var held: Set<AttemptToken> = []
        var connection: DealerConnection?
    }

    let name: String
    let capacity: UInt32
    private let id: UInt64
    private let state = Mutex(State())
    private let onWork: @Sendable (FakeAgent, [AttemptToken]) -> Void

    init(
        name: String, capacity: Int, context: Context, endpoint: String, keys: CurveKeyPair,
        onWork: @escaping @Sendable (FakeAgent, [AttemptToken]) -> Void
    ) throws {
        self.name = name
        self.capacity = UInt32(capacity)
        self.onWork = onWork
        id = UInt64.random(in: 1 ... .max)
        let connection = try DealerConnection(
            context: context, endpoint: endpoint, keys: keys, serverKey: keys.publicKey,
            greeting: { [weak self] in self?.hello() },
            onMessage: { [weak self] bytes in self?.received(bytes) })
        state.withLock { $0.connection = connection }
    }

    func close() {
        let connection = state.withLock { state in
            defer { state.connection = nil }
            return state.connection
        }
        connection?.close(lingerMilliseconds: 0)
    }

    var isWelcome: Bool { state.withLock { $0.session != 0 } }
    var held: Int { state.withLock { $0.held.count } }

    private func hello() -> [UInt8]? {
        var hello = Ccorchestrator_V1_AgentHello()
        hello.protocol = .current
        hello.version = Product.version
        hello.agentID = id
        hello.incarnation = 1
        hello.name = name
        hello.host = "bench"
        hello.capacity = capacity
        hello.runners = ["noop"]
        state.withLock { state in
            state.introduction += 1
            state.session = 0
            hello.introduction = state.introduction
            hello.running = state.held.map(\.proto)
        }
        var message = Ccorchestrator_V1_AgentMessage()
        message.hello = hello
        return bytes(message)
    }

    /// Our own messages, of fields that are all set: they can always be written.
    private func bytes(_ message: Ccorchestrator_V1_AgentMessage) -> [UInt8]? { try? message.serializedBytes() }

    private func send(_ message: Ccorchestrator_V1_AgentMessage) {
        guard let frame = bytes(message), let connection = state.withLock({ $0.connection }) else { return }
        // A frame that is not taken counts as lost: the coordinator's leases are for that.
        try? connection.send(frame)
    }

    func heartbeat() {
        let (session, busy) = state.withLock { ($0.session, $0.held.count) }
        guard session != 0 else { return }
        var message = Ccorchestrator_V1_AgentMessage()
        message.heartbeat.session = session
        message.heartbeat.capacity = capacity
        message.heartbeat.busy = UInt32(busy)
        send(message)
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard let message = try? Ccorchestrator_V1_CoordinatorMessage(serializedBytes: Array(bytes)) else { return }
        switch message.body {
        case .welcome(let welcome):
            state.withLock { state in
                guard welcome.introduction == state.introduction else { return }
                state.session = welcome.session
            }
            heartbeat()
        case .introduceYourself:
            if let frame = hello(), let connection = state.withLock({ $0.connection }) { try? connection.send(frame) }
        case .assign(let assign):
            let tokens = assign.assignments.compactMap { try? AttemptToken(proto: $0.token) }
            let isTaken = state.withLock { state in
                guard assign.session == state.session else { return false }
                state.held.formUnion(tokens)
                return true
            }
            if isTaken { onWork(self, tokens) }
        case .refusal, .heartbeatAck, .resultAck, .cancel, nil: break
        }
    }

    /// Forgets what it holds: the next hello names none of it, so that it is queued again.
    func dropAll() { state.withLock { $0.held = [] } }

    /// These attempts succeeded.
    func finish(_ tokens: [AttemptToken]) {
        let session = state.withLock { state in
            state.held.subtract(tokens)
            return state.session
        }
        let now = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        var results = Ccorchestrator_V1_AttemptResults()
        results.session = session
        results.results = tokens.map {
            AttemptResult(token: $0, state: .succeeded, answer: .text("done"), startedAt: now, finishedAt: now).proto
        }
        var message = Ccorchestrator_V1_AgentMessage()
        message.results = results
        send(message)
    }
}

/// Many fake agents with one heartbeat thread.
final class FakeFleet: Sendable {
    /// A ZeroMQ context takes some 1,000 sockets; each connection needs several.
    static let agentsPerContext = 100

    let agents: [FakeAgent]
    private let isEnding = Mutex(false)

    init(
        _ count: Int, capacity: Int, endpoint: String, secretFile: String,
        onWork: @escaping @Sendable (FakeAgent, [AttemptToken]) -> Void
    ) throws {
        let keys = try LoopbackSecret.loadOrCreate(path: secretFile)
        var agents: [FakeAgent] = []
        var context = try Context()
        for number in 0..<count {
            if number > 0, number % Self.agentsPerContext == 0 { context = try Context() }
            agents.append(
                try FakeAgent(
                    name: "fake-\(number)", capacity: capacity, context: context, endpoint: endpoint, keys: keys,
                    onWork: onWork))
        }
        self.agents = agents
        let thread = Thread { [weak self] in
            while let self, !self.isEnding.withLock({ $0 }) {
                for agent in self.agents { agent.heartbeat() }
                Thread.sleep(forTimeInterval: 1)
            }
        }
        thread.start()
    }

    /// Waits until all of them are in the coordinator's service.
    func welcomed(seconds: Double = 60) async throws {
        let deadline = monotonicSeconds() + seconds
        while !agents.allSatisfy(\.isWelcome) {
            guard monotonicSeconds() < deadline else {
                throw BenchError(
                    "\(agents.count { !$0.isWelcome }) of \(agents.count) agents got no welcome in \(seconds) s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func end() {
        isEnding.withLock { $0 = true }
        for agent in agents { agent.close() }
    }
}
