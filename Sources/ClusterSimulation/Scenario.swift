import ClusterModel
import CoordinatorCore

/// What a run is mostly about.
enum Profile: String, CaseIterable {
    case fairness, priorities, graph, contexts, labels, parallel, deadlines, failures, lost, many, mixed
}

/// How a task behaves when it is run.
struct TaskPlan {
    var duration: Micros
    var tokens: UInt64
    /// The calls of each of its attempts, in order.
    var calls: [WorldCall] = []
}

/// One submit: the client sends its batches in order.
struct SubmitPlan {
    var at: Micros
    var batches: [SubmitBatch]
    var tasks: [TaskPlan]
    /// The submit that this one's job waits for, and how.
    var after: (plan: Int, condition: LinkCondition)?
    /// Tasks wait for each other in a circle: it must be refused.
    var isCircular = false
}

struct AgentPlan {
    var id: AgentID
    var name: String
    var capacity: UInt32
    var labels: [String: String]
    var runners: [String] = ["claude", "exec"]
    var startsAt: Micros
    /// Wants a name that another has; it goes when the faults end.
    var isRival = false
}

/// Everything about a run that its seed decides beforehand.
struct Scenario {
    let seed: UInt64
    let profile: Profile
    var agents: [AgentPlan] = []
    var submits: [SubmitPlan] = []
    var core: CoreConfiguration
    /// Faults and users' whims happen before; then all is well.
    var healsAt: Micros
    var lossPermille = 0
    var duplicatePermille = 0
    var latePermille = 0
    /// Of a thousand attempts that run to their end.
    var failurePermille = 0
    var failures: [ErrorClass] = [.transient]
    /// Between two faults, on average.
    var faultEvery: Micros = .s(3)
    /// Between two control verbs, on average; 0: none.
    var controlEvery: Micros = .s(3)
    /// The usual time of a commit.
    var diskTime: ClosedRange<Micros> = .ms(1)...(.ms(15))

    /// Nil: nothing is limited, and nobody makes calls.
    var calls: CallScenario?

    static let store = StoreID(rawValue: 0x51AB)

    init(seed: UInt64) {
        self.seed = seed
        var draw = Draw(seed: seed ^ 0xC0FF_EE00)
        // Shares need long runs: there are fewer of them.
        let all = Profile.allCases + Profile.allCases.filter { $0 != .fairness }
        profile = all[Int(Draw.fixed(seed, 7) % UInt64(all.count))]
        core = CoreConfiguration(
            lease: .seconds(8), suspectAfter: .seconds(3), maxAttempts: 3, retryBase: 200, retryCap: .seconds(4),
            maxQueuedTasks: 5000, maxAgents: 12, maxAttemptsInAll: 60, forgetAgentsAfter: .seconds(600),
            sweepPerTurn: [3, 11, 600][draw.below(3)])
        healsAt = profile == .fairness ? .ms(10) : .s(draw.between(20, 45))
        if profile != .fairness {
            lossPermille = draw.below(3) == 0 ? 0 : draw.below(15)
            faultEvery = .ms(draw.between(1500, 6000))
            controlEvery = draw.below(3) == 0 ? 0 : .ms(draw.between(600, 3000))
        } else {
            controlEvery = 0
        }
        duplicatePermille = draw.below(40)
        latePermille = draw.below(60)
        if draw.below(4) == 0 { diskTime = .ms(10)...(.ms(120)) }
        if [.priorities, .labels, .lost, .failures, .parallel].contains(profile), draw.below(3) == 0 {
            core.maxQueuedTasks = 45
        }
        makeAgents(&draw)
        makeSubmits(&draw)
        calls = CallScenario(seed: seed, profile)
        giveCalls()
    }

    private mutating func makeAgents(_ draw: inout Draw) {
        let count = profile == .fairness ? 4 : 2 + draw.below(4)
        for number in 0..<count {
            var labels: [String: String] = [:]
            if number == 0 || draw.below(2) == 0 { labels["gpu"] = number % 2 == 0 ? "a100" : "h100" }
            if number == 1 { labels["zone"] = "eu" }
            agents.append(
                AgentPlan(
                    id: AgentID(rawValue: UInt64(number + 1)), name: "host\(number)",
                    capacity: UInt32(profile == .fairness ? 5 : 1 + draw.below(4)), labels: labels,
                    startsAt: draw.between(0, profile == .fairness ? .ms(5) : .s(2))))
        }
        if profile != .fairness, draw.below(5) == 0 {
            agents.append(
                AgentPlan(
                    id: AgentID(rawValue: 99), name: "host0", capacity: 2, labels: [:], startsAt: .s(3), isRival: true))
        }
    }
}
