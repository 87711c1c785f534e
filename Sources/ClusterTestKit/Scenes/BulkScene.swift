import Foundation

/// A long file is submitted while the coordinator is killed twice, and once more while results come in; each line must have exactly one
/// result at the end. What was at stake at each kill is counted, and a kill at which nothing was is a failure.
public struct BulkScene: Sendable {
    /// Lines of the file.
    public var tasks = 20_000

    /// Twenty thousand lines.
    public init() {}

    /// What one kill could have lost or doubled.
    private struct Moment {
        var when: String
        /// Tasks in the store, tasks that the client had not brought there yet, tasks without an end.
        var stored, unsubmitted, open: Int
        /// Tasks that a client had been told of before.
        var acknowledged: Int
        /// The same after the kill.
        var toldAfter = 0
        /// Results on the agent's disk and not in the store.
        var held: Int

        var json: String {
            """
            {"when":"\(when)","stored":\(stored),"unsubmitted":\(unsubmitted),"acknowledged":\(acknowledged),\
            "open":\(open),"held_by_agent":\(held)}
            """
        }
    }

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let fleet = try Fleet(bench)
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail(40))") }
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let start = ContinuousClock.now
        let bench = fleet.bench
        let file = bench.scratch + "/lines.txt"
        try (0..<tasks).map { ResultCensus.line($0) + "\n" }.joined().write(
            toFile: file, atomically: false, encoding: .utf8)
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: 1, ["--runner", "noop"], environment: ["CCO_OFFER_NOOP": "true"])
        try await fleet.agentsAreLive(1)
        guard let agent = await fleet.agents["east"] else { throw SceneError("no agent") }
        let submit = try begin(
            "submit", ["submit", "--each-line", file, "--runner", "noop", "--output", "quiet"], fleet)
        var moments: [Moment] = []
        var acknowledged = 0
        for isLast in [false, true] {
            let goal = (moments.last?.stored ?? 0) + tasks / 8
            try await eventually("a part of the file to be in the store", within: Self.patience) {
                guard submit.isRunning else { throw SceneError("ccctl submit ended early:\n\(submit.logTail())") }
                return try await Disks.counts(ofJob: 1, in: fleet.dataDirectory).stored >= goal
            }
            // Asked once: between the question and the kill, thousands of tasks go by.
            if acknowledged == 0 { acknowledged = try await told(fleet) }
            moments.append(
                try await kill(fleet, "submit", acknowledged: acknowledged) { if isLast { agent.signal(SIGSTOP) } })
            acknowledged = moments.last?.toldAfter ?? 0
        }
        // The rest is submitted into a paused queue, so that enough is open when results come in. The agent stands still until the queue is
        // paused, and again until it goes on: it would be done before ccctl had ended.
        try await expectDone(fleet.ccctl(["pause"]))
        agent.signal(SIGCONT)
        guard try await submit.ended(within: Self.patience) == 0 else {
            throw SceneError("ccctl submit failed:\n\(submit.logTail())")
        }
        let submitted = ContinuousClock.now - start
        let before = try await Disks.counts(ofJob: 1, in: fleet.dataDirectory)
        guard submit.logTail() == "1", before.stored == tasks, before.open > 0 else {
            throw SceneError("the submit said \(submit.logTail()), the store has \(before)")
        }
        acknowledged = try await told(fleet)
        agent.signal(SIGSTOP)
        try await expectDone(fleet.ccctl(["resume"]))
        agent.signal(SIGCONT)
        try await eventually("results to come in", within: Self.patience) {
            try await Disks.counts(ofJob: 1, in: fleet.dataDirectory).ended > before.ended + before.open / 8
        }
        moments.append(try await kill(fleet, "results", acknowledged: acknowledged))
        try await expectDone(fleet.ccctl(["wait", "1"]))
        let done = ContinuousClock.now - start
        return try await judge(fleet, moments, submitted, done)
    }

    /// Each line's result, as a user gets it and as it is on disk.
    private func judge(
        _ fleet: Fleet, _ moments: [Moment], _ submitted: Duration, _ done: Duration
    ) async throws -> String {
        let results = try begin("results", ["results", "1", "--output", "json"], fleet)
        guard try await results.ended(within: Self.patience) == 0 else {
            throw SceneError("ccctl results failed:\n\(results.logTail())")
        }
        let census = try ResultCensus(of: results.log, tasks: tasks)
        let stored = try await Disks.counts(ofJob: 1, in: fleet.dataDirectory)
        guard census.records == tasks, census.missing == 0, census.repeated == 0, stored.stored == tasks,
            stored.open == 0
        else { throw SceneError("\(tasks) lines, and \(census.records) results, \(census.missing) missing; \(stored)") }
        return """
            {"tasks":\(tasks),"results":\(census.records),"missing":\(census.missing),"repeated":\(census.repeated),\
            "attempts":\(census.attempts),"set_aside":\(try await Disks.setAside(in: fleet.dataDirectory)),\
            "coordinator_kills":\(moments.count),"submit_seconds":\(submitted.seconds),"seconds":\(done.seconds),\
            "kills":[\(moments.map(\.json).joined(separator: ","))]}
            """
    }

    /// Stands the coordinator still, waits until the agent has results that it can't hand over, and kills it there.
    private func kill(_ fleet: Fleet, _ when: String, acknowledged: Int, afterwards: () -> Void = {}) async throws
        -> Moment
    {
        guard let coordinator = await fleet.coordinator else { throw SceneError("no coordinator runs") }
        for _ in 1...Self.momentsAtMost {
            coordinator.signal(SIGSTOP)
            guard try await holdsSomething(fleet) else {
                // Nothing was on its way just now.
                coordinator.signal(SIGCONT)
                try await Task.sleep(for: .milliseconds(10))
                continue
            }
            try await coordinator.killNow()
            let held = try await heldTasks(fleet)
            let counts = try await Disks.counts(ofJob: 1, in: fleet.dataDirectory)
            var moment = Moment(
                when: when, stored: counts.stored, unsubmitted: tasks - counts.stored, open: counts.open,
                acknowledged: acknowledged, held: held.count)
            print(moment.json)
            let isSubmitting = when == "submit"
            guard moment.stored > 0, moment.open > 0, moment.held > 0, (moment.unsubmitted > 0) == isSubmitting else {
                throw SceneError("too little was at stake at this kill: \(moment.json)")
            }
            afterwards()
            try await fleet.startCoordinator()
            moment.toldAfter = try await told(fleet)
            guard acknowledged > 0, moment.toldAfter >= acknowledged else {
                throw SceneError(
                    "\(acknowledged) tasks were acknowledged before the kill, \(moment.toldAfter) are there after it")
            }
            return moment
        }
        throw SceneError("\(when): at \(Self.momentsAtMost) moments the agent held no result that the store had not")
    }

    /// Whether the agent comes to hold a result while the coordinator stands still; what was sent to it takes a moment.
    private func holdsSomething(_ fleet: Fleet) async throws -> Bool {
        for _ in 1...15 {
            if try await !heldTasks(fleet).isEmpty { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// The tasks whose results are on the agent's disk and not in the store.
    private func heldTasks(_ fleet: Fleet) async throws -> Set<Int64> {
        let held = try await Disks.heldTasks(ofAgent: fleet.bench.scratch + "/east")
        return try await Disks.withoutEnd(held, in: fleet.dataDirectory)
    }

    /// The tasks of the job, as the coordinator tells a client.
    private func told(_ fleet: Fleet) async throws -> Int {
        struct Job: Decodable { var tasks: Int }
        let jobs = try await fleet.ccctl(["jobs", "1", "--output", "json"])
        try expectDone(jobs)
        return try JSONDecoder().decode(Job.self, from: Data(jobs.trimmed.utf8)).tasks
    }

    private func expectDone(_ run: Fleet.Run) throws {
        guard run.code == 0 else { throw SceneError("ccctl exited \(run.code): \(run.errors)\(run.output)") }
    }

    private func begin(_ name: String, _ arguments: [String], _ fleet: Fleet) throws -> ManagedProcess {
        try ManagedProcess(
            fleet.bench, name: name, program: "ccctl", ["--coordinator", fleet.clientsEndpoint] + arguments,
            environment: fleet.bench.environment())
    }

    /// A million tasks of a debug build need minutes.
    private static let patience = Duration.seconds(1800)
    private static let momentsAtMost = 40
}

extension Duration {
    /// With three places.
    var seconds: String { String(format: "%.3f", self / .seconds(1)) }
}
