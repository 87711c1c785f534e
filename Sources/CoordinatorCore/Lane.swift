import ClusterModel
import Quotas

/// The waiting tasks of one job that are alike in priority and in what they ask of an agent: whichever of them comes first, the same
/// agents will do.
struct Lane {
    /// Place of its job.
    var job: Int
    /// Place in the table of requirements.
    var kind: Int
    /// As its tasks' options say.
    var priority: Priority
    /// Where it stands now: above ``priority`` when it waited long enough.
    var level: Int
    var queue = TaskQueue()
    /// Whether it is on its shelf.
    var isListed = false
    /// Its shelf's entries of earlier stamps no longer count.
    var stamp: UInt32 = 0
    /// Since when nothing of it was started though it could have been.
    var waitingSince: Instant = .origin
    /// Nobody's: it may be given to another job.
    var isFree = false
}

/// A lane on a shelf: the job that has had the least for its weight goes first.
struct ShelfItem: Comparable {
    var pass: UInt64
    var job: UInt32
    /// The first of its tasks: lanes of one job keep the order in which their tasks came.
    var head: UInt32
    var lane: Int32
    var stamp: UInt32

    static func < (a: Self, b: Self) -> Bool { (a.pass, a.job, a.head, a.lane) < (b.pass, b.job, b.head, b.lane) }
}

/// What a job has used at one priority, in virtual time: tokens divided by the job's weight.
struct Account {
    var priority: Priority
    var pass: UInt64 = 0
    /// Its lanes that are listed.
    var listed = 0

    /// Virtual time of one token at weight 1; weights divide it.
    static let unit: UInt64 = 1000
}

/// What tasks ask of an agent.
struct Requirement: Hashable, Sendable {
    var runner: String
    var needs: [LabelRule]
    var avoids: [LabelRule]
    /// Of `claude` tasks that name a model: the class whose limits it shares. It is no matter of the agent's.
    var modelClass: String

    init(_ options: TaskOptions) {
        runner = options.runner
        needs = options.needs
        avoids = options.avoids
        modelClass = options.runner == "claude" ? ModelClass.name(of: options.model) ?? "" : ""
    }

    /// Whether an agent may be given such a task; what it lacks is said by ``whyNot(_:)``.
    func isMet(by agent: AgentEntry) -> Bool {
        agent.runners.contains(runner) && needs.allSatisfy { $0.matches(agent.labels) }
            && !avoids.contains { $0.matches(agent.labels) }
    }
}
