import ClusterWire
import Collections
import Glibc
import Synchronization
import ZeroMQ

/// How the ends of tasks that all take the same time are kept apart: an agent's first tasks take up to twice as long.
enum Stagger: String, CaseIterable, Sendable {
    /// Not at all: everything ends at once.
    case none
    /// Each agent's tasks end together, at another moment than those of other agents.
    case agents
    /// Each task ends at a moment of its own.
    case tasks
}

/// One thread with many fake agents. All their timers are one heap.
final class FakeAgentThread: Sendable {
    struct Plan: Sendable {
        var endpoint: String
        var keys: CurveKeyPair
        /// Numbers of the agents.
        var agents: Range<Int>
        var slots: Int
        var task: Duration
        var stagger: Stagger
    }

    /// What the thread and its owner tell each other.
    final class Board: Sendable {
        struct State {
            var meter = BusyMeter()
            /// Agents that the coordinator has welcomed.
            var welcome = 0
            /// Attempts that are held now.
            var held = 0
            var isStopping = false
            var failure: (any Error)?
        }
        let state = Mutex(State())
    }

    let board = Board()
    private let thread: OSThread

    init(_ plan: Plan) throws {
        let board = board
        thread = try OSThread(name: "fake-agents") {
            do {
                var loop = try FakeAgentLoop(plan)
                try loop.run(board)
            } catch {
                board.state.withLock { $0.failure = error }
            }
        }
    }

    /// Its state, unless it has failed.
    func state() throws -> (meter: BusyMeter, welcome: Int, held: Int) {
        let (state, failure) = board.state.withLock { (($0.meter, $0.welcome, $0.held), $0.failure) }
        if let failure { throw failure }
        return state
    }

    /// Counts from here on what slots do in this time.
    func measure(_ window: Range<UInt64>) { board.state.withLock { $0.meter.window = window } }

    func stop() {
        board.state.withLock { $0.isStopping = true }
        thread.join()
    }
}

/// What that thread does.
private struct FakeAgentLoop {
    /// Tasks that end together, in the order of their ends.
    private struct Batch: Comparable {
        var agent: Int
        var start: UInt64
        var end: UInt64
        var tokens: [Ccorchestrator_V1_AttemptToken]

        static func < (one: Batch, other: Batch) -> Bool { one.end < other.end }
        static func == (one: Batch, other: Batch) -> Bool { one.end == other.end }
    }

    /// Between two looks at all sockets: each look costs as much as there are of them.
    private static let pauseMicroseconds: UInt32 = 2000
    private static let heartbeat = Duration.seconds(1)

    private var agents: [FakeAgent] = []
    private var items: [Poller.Item] = []
    private var poller = Poller()
    private var batches = Heap<Batch>()
    private let plan: FakeAgentThread.Plan
    private let taskNanoseconds: UInt64
    /// First tasks that each agent has got.
    private var begun: [Int]

    init(_ plan: FakeAgentThread.Plan) throws {
        let context = try Context()
        self.plan = plan
        begun = Array(repeating: 0, count: plan.agents.count)
        taskNanoseconds = UInt64(plan.task.inSeconds * 1e9)
        for number in plan.agents {
            let agent = try FakeAgent(
                context, endpoint: plan.endpoint, keys: plan.keys, number: number, capacity: plan.slots,
                heartbeat: Self.heartbeat)
            agents.append(agent)
            items.append(try poller.add(agent.socket, .writable))
        }
    }

    mutating func run(_ board: FakeAgentThread.Board) throws {
        while true {
            _ = try poller.wait(timeoutMilliseconds: 0)
            let now = BenchClock.now
            for index in agents.indices {
                let found = poller.found(items[index])
                if found.contains(.writable) { try greet(index) }
                if found.contains(.readable) { try receive(index, at: now) }
                try agents[index].heartbeat(at: now)
            }
            var ended: [Batch] = []
            while let first = batches.min, first.end <= now {
                batches.removeMin()
                try agents[first.agent].finish(first.tokens)
                ended.append(first)
            }
            let welcome = agents.reduce(0) { $0 + ($1.isWelcome ? 1 : 0) }
            let held = agents.reduce(0) { $0 + $1.heldCount }
            let isStopping = board.state.withLock { state in
                state.welcome = welcome
                state.held = held
                for batch in ended {
                    for _ in batch.tokens { state.meter.worked(from: batch.start, to: batch.end) }
                }
                return state.isStopping
            }
            if isStopping { return }
            usleep(Self.pauseMicroseconds)
        }
    }

    /// Writable for the first time: the handshake is done.
    private mutating func greet(_ index: Int) throws {
        try agents[index].greet()
        if agents[index].isGreeted { poller.setInterest(items[index], .readable) }
    }

    private mutating func receive(_ index: Int, at now: UInt64) throws {
        try agents[index].receive { tokens in
            let late = begun[index] < plan.slots ? plan.stagger : .none
            begun[index] += tokens.count
            // A share of a task's time: the golden ratio's multiples spread evenly, however many there are.
            func lateness(_ number: Int) -> UInt64 {
                let share = (Double(number) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
                return UInt64(share * Double(taskNanoseconds))
            }
            let number = plan.agents.lowerBound + index
            switch late {
            case .none: add(tokens, index, now, now + taskNanoseconds)
            case .agents: add(tokens, index, now, now + taskNanoseconds + lateness(number))
            case .tasks:
                for (place, token) in tokens.enumerated() {
                    add([token], index, now, now + taskNanoseconds + lateness(number * plan.slots + place))
                }
            }
        }
    }

    private mutating func add(_ tokens: [Ccorchestrator_V1_AttemptToken], _ agent: Int, _ start: UInt64, _ end: UInt64)
    {
        batches.insert(Batch(agent: agent, start: start, end: end, tokens: tokens))
    }
}
