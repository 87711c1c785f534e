import ClusterModel

/// Who waits for whom inside a job. Only tasks that have links cost anything.
struct JobGraph {
    struct Follower {
        var index: UInt32
        var condition: LinkCondition
        /// It is the next turn of a context.
        var isTurn: Bool
    }

    struct Context {
        var name: String
        /// Its last turn so far.
        var last: UInt32
        /// The agent that ran its latest turn well.
        var agent: AgentID?
    }

    /// As submitted, and for a turn the one before it.
    var links: [UInt32: [Follower]] = [:]
    /// Tasks that wait for this one, until it has ended.
    var followers: [UInt32: [Follower]] = [:]
    /// Links of a task that are not met yet.
    var unmet: [UInt32: Int] = [:]
    var contexts: [Context] = []
    var contextPlaces: [String: Int] = [:]
    var contextOf: [UInt32: Int] = [:]
    /// Turns that go on from this one: the next of its context, and the first of each that begins as a copy.
    var continuations: [UInt32: [UInt32]] = [:]
    /// The highest place that a task waits for: all must be there when the job is sealed.
    var furthest: UInt32?
    /// Some task waits for a later one: cycles are possible.
    var hasForwardLinks = false

    /// Enters a task with what it waits for.
    mutating func add(_ spec: TaskSpec, at index: UInt32) {
        let found = links(of: spec, at: index)
        guard !found.isEmpty else { return }
        links[index] = found
        for link in found {
            furthest = max(furthest ?? 0, link.index)
            if link.index > index { hasForwardLinks = true }
        }
    }

    /// What a task waits for, itself not among it: its links and the turn before it.
    mutating func links(of task: TaskSpec, at index: UInt32) -> [Follower] {
        var found: [Follower] = []
        for link in task.after {
            // Named twice, it must meet the stricter condition.
            if let known = found.firstIndex(where: { $0.index == link.index }) {
                if link.condition == .success { found[known].condition = .success }
            } else {
                found.append(Follower(index: link.index, condition: link.condition, isTurn: false))
            }
        }
        guard !task.context.isEmpty else { return found }
        if let place = contextPlaces[task.context] {
            found.removeAll { $0.index == contexts[place].last }
            found.append(Follower(index: contexts[place].last, condition: .success, isTurn: true))
            continuations[contexts[place].last, default: []].append(index)
            contexts[place].last = index
            contextOf[index] = place
        } else {
            if let parent = contextPlaces[task.fork] {
                let origin = contexts[parent].last
                found.removeAll { $0.index == origin }
                found.append(Follower(index: origin, condition: .success, isTurn: true))
                continuations[origin, default: []].append(index)
            }
            contextPlaces[task.context] = contexts.count
            contextOf[index] = contexts.count
            contexts.append(Context(name: task.context, last: index))
        }
        return found
    }

    /// The turn that this one goes on from, and whether that is another context's; nil: its conversation begins with it.
    func turnBefore(_ index: UInt32) -> (index: UInt32, isFork: Bool)? {
        guard let before = links[index]?.first(where: \.isTurn)?.index else { return nil }
        return (before, contextOf[before] != contextOf[index])
    }

    /// The first circle among tasks that wait for each other, with what `more` adds; nil: there is none.
    ///
    /// Starts at the new tasks alone: an old circle would have been refused before.
    func cycle(adding more: [UInt32: [UInt32]], startingAt starts: [UInt32]) -> [UInt32]? {
        func targets(_ index: UInt32) -> [UInt32] { more[index] ?? links[index]?.map(\.index) ?? [] }
        var done = Set<UInt32>()
        for start in starts where !done.contains(start) {
            var path = [start]
            var onPath: Set<UInt32> = [start]
            var left = [targets(start)[...]]
            while let last = left.indices.last {
                guard let next = left[last].popFirst() else {
                    left.removeLast()
                    let closed = path.removeLast()
                    onPath.remove(closed)
                    done.insert(closed)
                    continue
                }
                if onPath.contains(next) {
                    let from = path.firstIndex(of: next) ?? 0
                    return Array(path[from...]) + [next]
                }
                guard !done.contains(next) else { continue }
                path.append(next)
                onPath.insert(next)
                left.append(targets(next)[...])
            }
        }
        return nil
    }
}
