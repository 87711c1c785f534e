import ClusterModel

/// What a task waits for, as its writer names it.
struct NamedLink: Equatable, Sendable {
    enum Target: Hashable, Sendable {
        case name(String)
        case index(UInt32)
    }

    var target: Target
    var condition: LinkCondition
}

/// The links of a job's tasks: they may name tasks that come later, so they are resolved when all are there.
struct TaskLinks {
    private var links: [(task: Int, after: [NamedLink], place: String)] = []

    var isEmpty: Bool { links.isEmpty }

    mutating func add(task: Int, _ after: [NamedLink], place: String) { links.append((task, after, place)) }

    /// Writes the links into the tasks.
    /// - Throws: ``UsageError`` with the place for a name or a number that no task has, a name that several have, and a cycle.
    func resolve(in tasks: inout [TaskSpec]) throws {
        guard !isEmpty else { return }
        var places: [String: [UInt32]] = [:]
        for (index, task) in tasks.enumerated() where !task.name.isEmpty {
            places[task.name, default: []].append(UInt32(index))
        }
        for (task, after, place) in links {
            var resolved: [TaskLink] = []
            for link in after {
                let index = try Self.index(of: link.target, places, tasks.count, place)
                if !resolved.contains(where: { $0.index == index && $0.condition == link.condition }) {
                    resolved.append(TaskLink(index: index, condition: link.condition))
                }
            }
            if resolved.contains(where: { $0.index > task }) && tasks.count > Limits.tasksWithForwardLinks {
                throw UsageError(
                    at: place,
                    "waits for a later task: a job with such links has at most \(Limits.tasksWithForwardLinks) tasks, not \(tasks.count); put what is waited for first"
                )
            }
            tasks[task].after = resolved
        }
        if let cycle = LinkCycle.find(in: tasks) {
            let place = links.first { cycle.contains($0.task) }?.place ?? ""
            throw UsageError(
                at: place, "these tasks wait for each other: \(Self.text(cycle, tasks)); take one of the links out")
        }
    }

    private static func index(
        of target: NamedLink.Target, _ places: [String: [UInt32]], _ count: Int, _ place: String
    ) throws -> UInt32 {
        switch target {
        case .index(let index):
            guard Int(index) < count else {
                throw UsageError(at: place, "\"after\": there is no task \(index); the job has tasks 0 to \(count - 1)")
            }
            return index
        case .name(let name):
            let found = places[name] ?? []
            guard let index = found.first else {
                throw UsageError(at: place, "\"after\": no task of this job is named \"\(name)\"")
            }
            guard found.count == 1 else {
                throw UsageError(
                    at: place, "\"after\": \(found.count) tasks are named \"\(name)\"; give them different names")
            }
            return index
        }
    }

    /// A longer cycle is printed with its middle left out.
    private static let shownAtMost = 20

    /// `a → b → c → a`; a task without a name by its index.
    private static func text(_ cycle: [Int], _ tasks: [TaskSpec]) -> String {
        var words = (cycle + cycle.prefix(1)).map { tasks[$0].name.isEmpty ? String($0) : tasks[$0].name }
        if words.count > shownAtMost {
            words =
                words.prefix(shownAtMost / 2) + ["… \(words.count - shownAtMost) more …"]
                + words.suffix(shownAtMost / 2)
        }
        return words.joined(separator: " → ")
    }
}

/// Looks for tasks that wait for each other. A turn of a context waits for the turn before it, too.
enum LinkCycle {
    private enum Mark: UInt8 { case new, open, done }

    /// The tasks of one cycle, each waiting for the next and the last for the first; nil if there is none.
    static func find(in tasks: [TaskSpec]) -> [Int]? {
        let before = turnsBefore(tasks)
        func waitsFor(_ task: Int, _ number: Int) -> Int? {
            let after = tasks[task].after
            if number < after.count { return Int(after[number].index) }
            return number == after.count ? before[task] : nil
        }
        var marks = [Mark](repeating: .new, count: tasks.count)
        for start in tasks.indices where marks[start] == .new && !tasks[start].after.isEmpty {
            // By hand, since a chain of a million tasks would be too deep for calls.
            var path: [(task: Int, next: Int)] = [(start, 0)]
            marks[start] = .open
            while let (task, next) = path.last {
                path[path.count - 1].next += 1
                // A task without a turn before it has one link fewer: nothing follows.
                guard next <= tasks[task].after.count else {
                    marks[task] = .done
                    path.removeLast()
                    continue
                }
                guard let other = waitsFor(task, next) else { continue }
                switch marks[other] {
                case .done: break
                case .open:
                    guard let first = path.firstIndex(where: { $0.task == other }) else { break }
                    return path[first...].map(\.task)
                case .new:
                    marks[other] = .open
                    path.append((other, 0))
                }
            }
        }
        return nil
    }

    private static func turnsBefore(_ tasks: [TaskSpec]) -> [Int: Int] {
        var latest: [String: Int] = [:]
        var before: [Int: Int] = [:]
        for (index, task) in tasks.enumerated() where !task.context.isEmpty {
            before[index] = latest[task.context] ?? latest[task.fork]
            latest[task.context] = index
        }
        return before
    }
}
