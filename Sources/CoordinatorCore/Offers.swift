import ClusterModel
import HeapModule

/// The room that agents have in one turn, and which of them is to be filled next.
struct Offers {
    /// An order of filling agents.
    enum Order: Int, CaseIterable {
        /// The lowest share of its capacity in use; among equals the one that comes first in the table.
        case loaded
        /// The same, but among equals the one that was measured to be faster.
        case fast
        /// The most free places.
        case free
        /// The highest share in use.
        case packed
    }

    private struct Offer: Comparable {
        var rank: UInt64
        var agent: Int32
        var held: Int32
        static func < (a: Self, b: Self) -> Bool { (a.rank, a.agent) < (b.rank, b.agent) }
    }

    private struct Room {
        var agents: [Int32]
        /// Places left on them together.
        var left: Int
        var heaps: [Heap<Offer>?]
    }

    private var left: [Int32]
    private var held: [Int32]
    private let capacity: [Int32]
    private let speed: [UInt32]
    /// By requirement; nil: not asked for yet.
    private var rooms: [Room?]
    private var asked: [Int] = []
    /// Places left on all agents.
    private(set) var total = 0

    init(_ agents: [AgentEntry], kinds: Int) {
        left = agents.map { Int32($0.credit) }
        held = agents.map { Int32($0.open.count) }
        capacity = agents.map { Int32(clamping: $0.report.capacity) }
        speed = agents.map(\.millisecondsLearned)
        rooms = Array(repeating: nil, count: kinds)
        total = left.reduce(0) { $0 + Int($1) }
    }

    /// Whether any agent that fits has room.
    mutating func hasRoom(_ kind: Int, _ fits: [[Bool]]) -> Bool {
        if rooms[kind] == nil { open(kind, fits[kind]) }
        return (rooms[kind]?.left ?? 0) > 0
    }

    private mutating func open(_ kind: Int, _ fits: [Bool]) {
        var agents: [Int32] = []
        var sum = 0
        for place in left.indices where left[place] > 0 && fits[place] {
            agents.append(Int32(place))
            sum += Int(left[place])
        }
        rooms[kind] = Room(agents: agents, left: sum, heaps: Array(repeating: nil, count: Order.allCases.count))
        asked.append(kind)
    }

    /// Whether this agent has room and fits; ``hasRoom(_:_:)`` was asked before.
    func has(_ agent: Int, _ fits: [Bool]) -> Bool { left[agent] > 0 && fits[agent] }

    /// The agent to be filled next; nil when none that fits has room.
    mutating func best(_ kind: Int, _ order: Order) -> Int? {
        guard var room = rooms[kind] else { return nil }
        rooms[kind] = nil
        defer { rooms[kind] = room }
        var heap = room.heaps[order.rawValue] ?? Heap(room.agents.map { offer(Int($0), order) })
        room.heaps[order.rawValue] = nil
        defer { room.heaps[order.rawValue] = heap }
        while let top = heap.min {
            let agent = Int(top.agent)
            if left[agent] == 0 {
                heap.removeMin()
            } else if held[agent] != top.held {
                heap.replaceMin(with: offer(agent, order))
            } else {
                return agent
            }
        }
        return nil
    }

    /// The next agent after `last` that fits and has room, in a circle.
    func next(after last: Int32, _ kind: Int) -> Int? {
        guard let agents = rooms[kind]?.agents else { return nil }
        let start = agents.firstIndex { $0 > last } ?? 0
        for step in agents.indices {
            let agent = Int(agents[(start + step) % agents.count])
            if left[agent] > 0 { return agent }
        }
        return nil
    }

    private func offer(_ agent: Int, _ order: Order) -> Offer {
        // Share in use in millionths, so that one number ranks.
        let share = UInt64(held[agent]) * 1_000_000 / UInt64(max(1, capacity[agent]))
        let rank: UInt64 =
            switch order {
            case .loaded: share
            case .fast: share << 32 | UInt64(speed[agent])
            case .free: UInt64(UInt32.max) - UInt64(left[agent])
            case .packed: 1_000_000 - min(1_000_000, share)
            }
        return Offer(rank: rank, agent: Int32(agent), held: held[agent])
    }

    /// One place of the agent is taken.
    mutating func take(_ agent: Int, _ fits: [[Bool]]) {
        left[agent] -= 1
        held[agent] += 1
        total -= 1
        for kind in asked where fits[kind][agent] { rooms[kind]?.left -= 1 }
    }
}
