/// How often each thing occurred: in order of names, so that two runs print the same.
public struct Census: Sendable {
    /// By name.
    public private(set) var counts: [String: Int] = [:]

    /// Everything that is expected to occur, at zero.
    public init() {}

    mutating func expect(_ names: [String]) { for name in names where counts[name] == nil { counts[name] = 0 } }
    mutating func count(_ name: String, _ more: Int = 1) { counts[name, default: 0] += more }

    /// Adds another run's counts.
    public mutating func add(_ other: Census) {
        for (name, count) in other.counts { counts[name, default: 0] += count }
    }

    /// Names that never occurred, sorted.
    public var missing: [String] { counts.filter { $0.value == 0 }.keys.sorted() }

    /// One JSON object, its keys sorted.
    public var json: String {
        "{" + counts.keys.sorted().map { "\"\($0)\":\(counts[$0] ?? 0)" }.joined(separator: ",") + "}"
    }

    /// What must occur in a run of many seeds; the names say whether it is a fault, a record, an effect or a reply.
    static let expected: [String] =
        [
            "loss", "duplicate", "delay", "reorder", "agent_crash", "agent_leaves", "agent_capacity",
            "connection_broken",
            "slow_disk", "commit_fails", "disk_low", "clock_jump", "loop_stall", "lost_answer", "outbox_write_lost",
            "lost_in_partition", "service_429", "service_429_named", "service_529", "service_cut",
        ].map { "fault." + $0 }
        + Cut.allCases.flatMap { ["fault.cut_agent_" + $0.rawValue, "fault.cut_client_" + $0.rawValue] }
        + CrashPhase.allCases.map { "fault.crash_" + $0.rawValue }
        + [
            "jobOpened", "optionsAdded", "tasksAdded", "jobSealed", "assigned", "assignmentRetired", "attemptEnded",
            "taskEnded", "cancelRequested", "jobFinished", "resultSetAside", "agentSeen", "jobChanged", "queuePaused",
            "optionsChanged", "taskMoved", "taskHeld", "taskReleased", "taskReopened", "jobReopened", "agentDrained",
            "sweepBegun", "sweepEnded", "pruned", "daySpent", "quotas",
        ].map { "record." + $0 }
        + ["reply", "welcome", "refuse", "assign", "acknowledge", "cancel", "reload"].map { "effect." + $0 }
        + [
            "submitted", "cancelled", "controlled", "pruned", "queue_full", "disk_full", "cycle", "job_sealed",
            "unknown_job",
        ]
        .map { "reply." + $0 }
        + ["succeeded", "failed", "cancelled", "skipped", "expired"].map { "end." + $0 }
        + [
            "pause", "pause_all", "resume", "resume_all", "hold", "release", "retry", "prioritize", "drain", "undrain",
            "cancel",
            "cancel_some", "prune",
        ].map { "control." + $0 }
        + [
            "asked", "asked_again", "open_told_again", "report_repeated", "answer_unwanted", "granted",
            "granted_after_wait", "granted_again", "sent", "sent_late", "done", "withdrawn", "handed_back",
            "of_dead_agent", "of_lost_agent", "park", "park_kept_over_restart", "narrowed", "restart_with_waiting",
            "restart_with_open", "grant_judged", "send_judged", "hold_judged", "order_judged", "urgent_first",
            "account_judged", "flow_judged",
        ].map { "call." + $0 }
        + [
            "requests", "input_tokens", "output_tokens", "concurrency", "of_class", "reserve", "single", "learned",
            "exact",
        ].map { "limit." + $0 }
        + Profile.allCases.map { "profile." + $0.rawValue }
        + ["late_result_taken", "poisoned", "held_after_loss", "inversions_judged", "shares_judged"].map {
            "seen." + $0
        }
}
