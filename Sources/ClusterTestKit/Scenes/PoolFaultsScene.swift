import Foundation

/// One agent with hundreds of instances, of which one task in twenty meets a fault: each must be classified, each instance replaced, no
/// task lost. claude-sim deals the faults out by its own seed and tells which task met which.
public struct PoolFaultsScene: Sendable {
    /// Instances of the one agent.
    public var instances = 500
    /// Tasks that may meet a fault.
    public var tasks = 10_000
    /// Of a thousand tasks, how many do.
    public var permille = 50
    /// Decides which, and which fault.
    public var seed: UInt64 = 1

    /// What a fault must be recorded as, and how the task goes on.
    struct Expectation {
        var fault: String
        /// Of the attempt that met it; nil: it does no harm.
        var errorClass: String?
        /// Whether another attempt must have succeeded.
        var isRetried = true
        /// What the sentence holds.
        var words = ""
    }

    static let expectations = [
        Expectation(fault: "hang", errorClass: "timeout", words: "timeout"),
        Expectation(fault: "crash", errorClass: "crash", words: "exit code 134"),
        Expectation(fault: "garbage", isRetried: false),
        Expectation(fault: "broken-line", errorClass: "crash", words: "begins like JSON and is none"),
        Expectation(fault: "bigline", isRetried: false),
        Expectation(fault: "die", errorClass: "crash", words: "exit code 137"),
        Expectation(fault: "mute", errorClass: "crash", words: "closed its output"),
        Expectation(fault: "denied", errorClass: "denied", isRetried: false, words: "Bash"),
        Expectation(fault: "schema-fail", errorClass: "schema", isRetried: false, words: "schema"),
        Expectation(fault: "split-utf8", isRetried: false),
        Expectation(fault: "exit0-midturn", errorClass: "crash", words: "exit code 0"),
    ]

    /// 10,000 tasks through 500 instances.
    public init() {}

    /// Runs it.
    ///
    /// - Parameter bench: its `claude` is claude-sim.
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        try await Fleet(bench, coordinatorEnvironment: ["CCO_RETRY_BASE": "100ms"]).play(play)
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let start = ContinuousClock.now
        let marks = try fleet.bench.newFolder("marks")
        try await fleet.startCoordinator()
        try await fleet.startAgent(
            "host", instances: instances,
            environment: [
                "CLAUDE_SIM_STATE": marks, "CLAUDE_SIM_FAULTS": "\(seed):\(permille)",
                "CCO_INSTANCES_PER_MINUTE": "100000",
            ])
        try await fleet.agentsAreLive(1)
        let full = try await fill(fleet)
        // The turn lasts long enough that all instances are at work at once, and a hang is told by the timeout alone.
        let lines = (0..<tasks).map { "NONCE-pool-\($0)" }
        let job = try await fleet.submitted([
            "--each-line", try fleet.bench.lines("lines.txt", lines), "--prompt", "[[sleep: 200]] Say {line}.",
            "--timeout",
            "\(Self.timeoutSeconds)s",
        ])
        let rows = try await fleet.ended(job, within: .seconds(3000))
        let counts = try await judge(fleet, rows, job: job, marks: marks)
        let agents = try await fleet.ccctl(["agents", "--output", "json"])
        guard agents.output.contains("\"live\""), agents.output.contains("\"capacity\":\(instances)") else {
            throw SceneError("the agent is not what it was: \(agents.output)")
        }
        let agent = try await fleet.agent("host")
        let resident = ProcessTree.residentBytes(of: [agent.pid]) / 1_048_576
        await agent.stop(within: .seconds(120))
        let left = try ProcessTree.mentioning(fleet.bench.scratch + "/host")
        guard left.isEmpty else { throw SceneError("\(left.count) processes outlive their agent: \(left.prefix(3))") }
        let unhurt = rows.filter { $0.state == "succeeded" && $0.attempts == 1 }.count
        return """
            {"tasks":\(tasks),"ended":\(rows.count),"lost":0,"succeeded":\(rows.count { $0.state == "succeeded" }),\
            "succeeded_at_once":\(unhurt),"seed":\(seed),"instances_at_once":\(full.instances),\
            "mib_an_instance":\(full.instanceMiB),"guard_kib":\(full.guardKiB),"agent_mib_full":\(full.agentMiB),\
            "agent_mib_at_the_end":\(resident),"left_over_processes":0,"faults":{\(counts)},\
            "seconds":\((ContinuousClock.now - start).seconds)}
            """
    }

    private struct Full {
        var instances: Int
        var instanceMiB: String
        var guardKiB: Int
        var agentMiB: Int
    }

    /// Has every instance at work at the same time, and weighs them.
    private func fill(_ fleet: Fleet) async throws -> Full {
        // Harmless prompts: the seed deals faults out over those too, so these wait until they are ended from outside.
        let lines = (0..<instances).map { "fill-\($0)" }
        let job = try await fleet.submitted([
            "--each-line", try fleet.bench.lines("fill.txt", lines), "--prompt", "[[sleep: 45000]] {line}", "--timeout",
            "\(Self.timeoutSeconds)s", "--max-attempts", "1",
        ])
        let agent = try await fleet.agent("host")
        var sims: [Int32] = []
        var guards: [Int32] = []
        // Those that meet a fault at once are not at work when the last one is: nineteen in twenty must be.
        let enough = instances * (1000 - permille) / 1000 - instances / 50
        try await eventually("\(enough) instances at work", within: .seconds(120)) {
            let below = try ProcessTree().descendants(of: agent.pid)
            sims = below.filter { $0.command.hasPrefix(fleet.bench.claude + " ") && !$0.isZombie }.map(\.pid)
            guards = below.filter { $0.command.contains("cc-guard ") }.map(\.pid)
            // A look at the table of a thousand processes costs much of what they need to start.
            if sims.count < enough { try await Task.sleep(for: .milliseconds(500)) }
            return sims.count >= enough
        }
        let each = Double(ProcessTree.residentBytes(of: sims)) / Double(sims.count) / 1_048_576
        guard each < 10 else { throw SceneError("an instance of claude-sim takes \(each) MiB: 10 are allowed") }
        let full = Full(
            instances: sims.count, instanceMiB: String(format: "%.1f", each),
            guardKiB: ProcessTree.residentBytes(of: guards) / max(1, guards.count) / 1024,
            agentMiB: ProcessTree.residentBytes(of: [agent.pid]) / 1_048_576)
        _ = try await fleet.ccctl(["cancel", job])
        _ = try await fleet.ended(job, within: .seconds(180))
        return full
    }

    /// Each task by the fault that it met.
    private func judge(_ fleet: Fleet, _ rows: [TaskRow], job: String, marks: String) async throws -> String {
        guard rows.count == tasks, Set(rows.map(\.index)).count == tasks else {
            throw SceneError("\(rows.count) results for \(tasks) tasks")
        }
        guard let number = Int64(job) else { throw SceneError("\(job) is no job's number") }
        let retried = Dictionary(
            grouping: try await Disks.retriedAttempts(ofJob: number, in: fleet.dataDirectory), by: \.index)
        let met = try Self.faults(in: marks)
        var counts: [String: (injected: Int, recovered: Int)] = [:]
        for row in rows {
            let first = retried[row.index]?.first
            guard let fault = met[row.input] else {
                guard row.state == "succeeded", row.attempts == 1, row.result?.contains(row.input) == true else {
                    throw SceneError("task \(row.task), which met no fault, \(row.state) after \(row.attempts): \(row)")
                }
                continue
            }
            guard let wanted = Self.expectations.first(where: { $0.fault == fault }) else {
                throw SceneError("claude-sim dealt out a fault \(fault), which this scene doesn't know")
            }
            let told =
                wanted.isRetried ? first.map { ($0.class, $0.message) } : row.error.map { ($0.class, $0.message) }
            guard told?.0 == wanted.errorClass, told?.1.contains(wanted.words) ?? wanted.words.isEmpty else {
                throw SceneError("\(fault) at \(row.task) was recorded as \(told.map { "\($0)" } ?? "nothing")")
            }
            guard !wanted.isRetried || first?.detailBytes ?? 0 > 0 else {
                throw SceneError("\(fault) at \(row.task) kept nothing of what the instance said")
            }
            let mustSucceed = wanted.isRetried || wanted.errorClass == nil
            guard (row.state == "succeeded") == mustSucceed, row.attempts == (wanted.isRetried ? 2 : 1),
                !mustSucceed || row.result?.contains(row.input) == true
            else { throw SceneError("\(fault): task \(row.task) \(row.state) after \(row.attempts) attempts: \(row)") }
            counts[fault, default: (0, 0)].injected += 1
            if mustSucceed { counts[fault, default: (0, 0)].recovered += 1 }
        }
        let missing = Self.expectations.filter { counts[$0.fault] == nil }.map(\.fault)
        guard missing.isEmpty else { throw SceneError("no task met \(missing): another seed, or more tasks") }
        return Self.expectations.map { wanted in
            let count = counts[wanted.fault] ?? (0, 0)
            let how = wanted.isRetried ? "run again" : wanted.errorClass == nil ? "harmless" : "failed for good"
            return
                #""\#(wanted.fault)":{"injected":\#(count.injected),"class":"\#(wanted.errorClass ?? "none")","then":"\#(how)","succeeded":\#(count.recovered)}"#
        }.joined(separator: ",")
    }

    /// Which line met which fault, as claude-sim has noted it.
    private static func faults(in marks: String) throws -> [String: String] {
        var met: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: marks) where name.hasPrefix("fault-") {
            let prompt = try String(contentsOfFile: marks + "/" + name, encoding: .utf8)
            guard let start = prompt.range(of: "NONCE-pool-"), let end = name.lastIndex(of: "-") else { continue }
            let line = prompt[start.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" }
            met[String(line)] = String(name[name.index(name.startIndex, offsetBy: 6)..<end])
        }
        return met
    }

    /// Far above what a turn takes on a machine that does other things besides.
    private static let timeoutSeconds = 60
}
