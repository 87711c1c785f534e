import Foundation
import Synchronization

/// A client that stays connected, so that what it measures is the coordinator and not the start of a program.
public protocol SceneClient: Sendable {
    /// Submits a job of one task and returns when it is acknowledged.
    func submitOne() async throws
    /// Tasks of a job, by state.
    func counts(ofJob job: UInt32) async throws -> [String: Int]
}

/// Each control verb on one very long job, while another client submits single tasks all the time: how long the verb takes to answer, and
/// how long the other client waits at the worst from the verb until all tasks have changed.
public struct BigJobScene: Sendable {
    /// Tasks of the long job.
    public var tasks = 200_000
    /// What no verb may exceed.
    public var bounds = Bounds.release

    /// Two hundred thousand tasks, with programs built for release.
    public init() {}

    /// How long a verb may take to answer, and by how much it may delay another client over what that one waits when nothing happens.
    public struct Bounds: Sendable {
        /// In milliseconds.
        public var answer: Double
        /// In milliseconds.
        public var delay: Double

        /// What is promised.
        public static let release = Bounds(answer: 1000, delay: 20)
        /// Programs built for debugging do the same many times as slowly: this only finds what grows without bounds.
        public static let debug = Bounds(answer: 3000, delay: 300)
    }

    /// One verb's figures, in milliseconds.
    private struct Figure {
        var verb: String
        /// Until ccctl had its answer and had ended; its own start is in it.
        var answered: Double
        /// Until every task had changed.
        var settled: Double
        /// The longest wait of the other client meanwhile.
        var worstOther: Double

        var json: String {
            let numbers = [("answer_ms", answered), ("settled_ms", settled), ("worst_other_submit_ms", worstOther)]
            return "{\"verb\":\"\(verb)\"," + numbers.map { "\"\($0)\":\(Self.text($1))" }.joined(separator: ",") + "}"
        }

        static func text(_ value: Double) -> String { String(format: "%.1f", value) }
    }

    /// Runs it.
    ///
    /// - Parameter client: makes a client of a started fleet.
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench, client: (Fleet) throws -> any SceneClient) async throws -> String {
        let fleet = try Fleet(bench)
        do {
            try await fleet.startCoordinator()
            let other = OtherClient(try client(fleet))
            let line = try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    try await other.submitUntilCancelled()
                    return nil
                }
                group.addTask { try await play(fleet, other) }
                while let line = try await group.next() {
                    if let line {
                        group.cancelAll()
                        return line
                    }
                }
                throw SceneError("the scene ended without a word")
            }
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail(40))") }
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet, _ other: OtherClient) async throws -> String {
        let file = fleet.bench.scratch + "/lines.txt"
        try (0..<tasks).map { "line-\($0)\n" }.joined().write(toFile: file, atomically: false, encoding: .utf8)
        // The long job waits for a first one, which no agent is there to do yet. No agent ever does the long one: what is measured is the
        // queue alone.
        let first = try await submit(["--runner", "exec", "--max-attempts", "1", "--", "false"], fleet)
        let big = try await submit(["--each-line", file, "--runner", "noop", "--after", "\(first)"], fleet)
        try await other.fresh()
        // What the other client sees while nothing happens, for two seconds: the delays below are to be compared with it.
        let idle = try await other.worst { try await Task.sleep(for: .seconds(2)) }

        func settle(_ state: String, _ after: String) async throws {
            try await eventually("all tasks to be \(state) after \(after)", within: .seconds(600)) {
                if state == "forgotten" { return try await !Disks.hasTasks(ofJob: Int64(big), in: fleet.dataDirectory) }
                return try await other.client.counts(ofJob: big)[state] == tasks
            }
        }
        var figures: [Figure] = []
        func verb(_ name: String, _ words: [String], _ state: String) async throws {
            let start = ContinuousClock.now
            var answered = Duration.zero
            let worst = try await other.worst {
                let run = try await fleet.ccctl(words)
                answered = ContinuousClock.now - start
                guard run.code == 0 else { throw SceneError("ccctl \(words) exited \(run.code): \(run.errors)") }
                guard !state.isEmpty else { return }
                try await settle(state, name)
            }
            let settled = ContinuousClock.now - start
            let figure = Figure(
                verb: name, answered: answered.milliseconds, settled: settled.milliseconds, worstOther: worst)
            print(figure.json)
            figures.append(figure)
        }
        // The first fails, and all that wait for it are skipped: no verb, but as much work as one.
        let skipped = ContinuousClock.now
        let worst = try await other.worst {
            try await fleet.startAgent(
                "east", instances: 1, ["--runner", "exec"], environment: ["CCO_POLICY_COMMANDS": "false"])
            try await settle("skipped", "the failure of what it waits for")
        }
        let took = (ContinuousClock.now - skipped).milliseconds
        print("all skipped after \(Figure.text(took)) ms, the other client waited \(Figure.text(worst)) ms at most")
        try await verb("drain", ["drain", "east"], "")
        try await verb("retry what it waits for", ["retry", "\(first)"], "")
        try await verb("retry", ["retry", "\(big)"], "waiting")
        try await verb("priority", ["priority", "\(big)", "high"], "waiting")
        try await verb("hold", ["hold", "\(big)"], "held")
        try await verb("release", ["release", "\(big)"], "waiting")
        try await verb("pause", ["pause", "\(big)"], "")
        try await verb("resume", ["resume", "\(big)"], "")
        try await verb("pause the queue", ["pause"], "")
        try await verb("resume the queue", ["resume"], "")
        try await verb("why", ["why", "\(big).\(tasks - 1)"], "")
        try await verb("status", ["status", "\(big)"], "")
        try await verb("cancel", ["cancel", "\(big)"], "cancelled")
        try await verb("prune", ["prune", "\(big)"], "forgotten")
        let slow = figures.filter { $0.answered > bounds.answer || $0.worstOther - idle > bounds.delay }
        guard slow.isEmpty else {
            throw SceneError(
                """
                slower than allowed (answer within \(bounds.answer) ms, other clients delayed by at most \(bounds.delay) ms over the \
                \(Figure.text(idle)) ms that they wait when nothing happens): \(slow.map(\.json).joined(separator: ", "))
                """)
        }
        return """
            {"tasks":\(tasks),"bound_answer_ms":\(bounds.answer),"bound_delay_ms":\(bounds.delay),"slowest_answer_ms":\(Figure.text(figures.map(\.answered).max() ?? 0)),\
            "worst_other_submit_ms":\(Figure.text(figures.map(\.worstOther).max() ?? 0)),\
            "worst_other_submit_idle_ms":\(Figure.text(idle)),"other_submits":\(other.count),\
            "verbs":[\(figures.map(\.json).joined(separator: ","))]}
            """
    }

    private func submit(_ words: [String], _ fleet: Fleet) async throws -> UInt32 {
        let run = try await fleet.ccctl(["submit", "--output", "quiet"] + words, within: .seconds(1800))
        guard run.code == 0, let job = UInt32(run.trimmed) else {
            throw SceneError("ccctl submit exited \(run.code): \(run.errors)")
        }
        return job
    }
}

/// Submits one task after the other and knows how long each took.
private final class OtherClient: Sendable {
    private struct State {
        var count = 0
        /// When the submit under way began; nil between two.
        var since: ContinuousClock.Instant?
        var worst = 0.0
    }

    let client: any SceneClient
    private let state = Mutex(State())

    init(_ client: any SceneClient) { self.client = client }

    /// Submits that were acknowledged.
    var count: Int { state.withLock { $0.count } }

    func submitUntilCancelled() async throws {
        while !Task.isCancelled {
            let start = ContinuousClock.now
            state.withLock { $0.since = start }
            do {
                try await client.submitOne()
            } catch  where Task.isCancelled { return }
            let took = (ContinuousClock.now - start).milliseconds
            state.withLock {
                $0.count += 1
                $0.since = nil
                $0.worst = max($0.worst, took)
            }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
        }
    }

    /// Waits until one more is acknowledged.
    func fresh() async throws {
        let before = count
        try await eventually("the other client's submit to be acknowledged", within: .seconds(60)) {
            self.count > before
        }
    }

    /// The longest wait in milliseconds that began or ended during some work; the submit that is under way at its end counts whole.
    func worst(_ work: () async throws -> Void) async throws -> Double {
        state.withLock { $0.worst = 0 }
        try await work()
        let isOpen = state.withLock { $0.since != nil }
        if isOpen { try await fresh() }
        return state.withLock { $0.worst }
    }
}

extension Duration {
    /// With its fraction.
    var milliseconds: Double { self / .milliseconds(1) }
}
