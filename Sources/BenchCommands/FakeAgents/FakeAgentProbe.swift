import ClusterWire
import Synchronization
import ZeroMQ

/// One fake agent on a thread of its own that holds as much as it may, gives one task back, and takes the time until the
/// next one comes; over and over.
final class FakeAgentProbe: Sendable {
    private struct State {
        var firstAssigned: UInt64?
        var latencies = Latencies()
        var isMeasuring = false
        var isStopping = false
        var failure: (any Error)?
    }

    private final class Board: Sendable {
        let state = Mutex(State())
    }

    private let board = Board()
    private let thread: OSThread

    init(endpoint: String, keys: CurveKeyPair, number: Int = 0, slots: Int) throws {
        let board = board
        thread = try OSThread(name: "fake-agent") {
            do {
                let agent = try FakeAgent(
                    Context(), endpoint: endpoint, keys: keys, number: number, capacity: slots, heartbeat: .seconds(1))
                try Self.run(agent, slots, board)
            } catch {
                board.state.withLock { $0.failure = error }
            }
        }
    }

    /// When the first task came, by ``BenchClock``.
    func firstAssigned() throws -> UInt64? {
        let (found, failure) = board.state.withLock { ($0.firstAssigned, $0.failure) }
        if let failure { throw failure }
        return found
    }

    /// From a result that is sent to the next task; begins at once.
    func measure() { board.state.withLock { $0.isMeasuring = true } }

    func latencies() throws -> Latencies {
        let (found, failure) = board.state.withLock { ($0.latencies, $0.failure) }
        if let failure { throw failure }
        return found
    }

    func stop() {
        board.state.withLock { $0.isStopping = true }
        thread.join()
    }

    private static func run(_ agent: FakeAgent, _ slots: Int, _ board: Board) throws {
        var poller = Poller()
        let item = try poller.add(agent.socket, .writable)
        var tokens: [Ccorchestrator_V1_AttemptToken] = []
        var freedAt: UInt64?
        while true {
            _ = try poller.wait(timeoutMilliseconds: 50)
            let now = BenchClock.now
            if poller.isWritable(item) {
                try agent.greet()
                if agent.isGreeted { poller.setInterest(item, .readable) }
            }
            let before = tokens.count
            if poller.isReadable(item) { try agent.receive { tokens += $0 } }
            try agent.heartbeat(at: now)
            let (isMeasuring, isStopping) = board.state.withLock { state in
                if tokens.count > before {
                    if state.firstAssigned == nil { state.firstAssigned = now }
                    if let freedAt { state.latencies.record(nanoseconds: now - freedAt) }
                }
                return (state.isMeasuring, state.isStopping)
            }
            if tokens.count > before { freedAt = nil }
            if isStopping { return }
            if isMeasuring, freedAt == nil, tokens.count >= slots {
                freedAt = BenchClock.now
                try agent.finish([tokens.removeFirst()])
            }
        }
    }
}
