import ClusterModel
import CoordinatorCore

/// Something that happens at a moment.
enum Event {
    case arrives(Envelope)
    case agentMail(agent: Int, connection: Int, AgentMail)
    case clientMail(client: Int, request: UInt64, Reply)
    case loopTurns(stamp: Int)
    case synced(life: Int)
    case committed(life: Int)
    case reloaded(life: Int, JobID)
    case crash(life: Int)
    case coordinatorStarts
    case agentStarts(Int)
    case agentTicks(Int, incarnation: UInt64)
    case reconnects(Int, connection: Int)
    case attemptEnds(Int, incarnation: UInt64, AttemptToken, cancelled: Bool)
    case outboxHas(Int, incarnation: UInt64, AttemptResult)
    case callDue(Int, incarnation: UInt64, AttemptToken)
    case callReaches(CallKey)
    case callEnds(CallKey, CallOutcome)
    case clientActs(Int)
    case userActs
    case fault(Fault)
    case heals
}

/// A message on its way to the coordinator, with the connection it came by.
struct Envelope {
    enum Sender: Hashable {
        case agent(Int, connection: Int)
        case client(Int)
    }
    /// A call that waits for its permit; open: it has it, and goes on.
    struct Ask {
        var call: SimulatedCall
        var isOpen: Bool
    }
    enum Letter {
        case hello(AgentIntroduction)
        case heartbeat(session: UInt64, capacity: UInt32)
        case results([AttemptResult])
        case goodbye(session: UInt64)
        case permitRequests(session: UInt64, [Ask])
        case permitReports(session: UInt64, number: UInt64, [CallReport])
        case request(UInt64, Request)
    }
    var sender: Sender
    var letter: Letter
}

/// What a client asks for.
enum Request {
    case submit(SubmitBatch)
    case cancel(JobID, [UInt32])
    case control(Control)
    case prune([JobID], olderThan: Milliseconds?)
}

/// A message of the coordinator to an agent.
enum AgentMail {
    case welcome(Welcome)
    case refusal(AgentRefusal)
    case introduceYourself
    case heartbeatAck
    case assign(session: UInt64, [AttemptOrder])
    case acknowledge([AttemptToken])
    case cancel([AttemptToken])
    case permitAnswers([(number: UInt64, refusal: String?)])
    case permitReportsAck(number: UInt64)
}

/// Which way a partition cuts.
enum Cut: String, CaseIterable {
    case both, toCoordinator, fromCoordinator
    var stopsIncoming: Bool { self != .fromCoordinator }
    var stopsOutgoing: Bool { self != .toCoordinator }
}

/// Where in a turn the coordinator's process dies.
enum CrashPhase: String, CaseIterable {
    case idle, beforeCommit, duringCommit, afterCommit, duringRelease
}

enum Fault {
    case agentCrash(Int)
    case agentLeaves(Int)
    case agentCapacity(Int, UInt32)
    case cutAgent(Int, Cut, for: Micros)
    case cutClient(Int, Cut, for: Micros)
    case mendAgent(Int)
    case mendClient(Int)
    case breakConnection(Int)
    case coordinatorCrash(CrashPhase)
    case slowDisk(for: Micros)
    case diskFast
    case commitFails
    case diskLow(for: Micros)
    case diskHasRoom
    case clockJump(Int64)
    case loopStall(for: Micros)
}
