import ClusterModel
import CoordinatorClient

/// What one run of turns took, in milliseconds, alone or through the fleet.
struct PoolRun {
    /// From the start of a process to the first result.
    var cold = 0.0
    /// From the start of a process until it answered; not told by the fleet.
    var spawn = 0.0
    /// From the end of a task to the end of the next: `/clear`, and a turn.
    var switches: [Double] = []
    /// From the prompt to the result.
    var turns: [Double] = []

    /// The mean: what a task costs where many wait.
    var perTask: Double { switches.isEmpty ? 0 : switches.reduce(0, +) / Double(switches.count) }
    var perTurn: Double { turns.isEmpty ? 0 : turns.reduce(0, +) / Double(turns.count) }

    static func prompt(_ number: Int) -> String { "Say \(number)." }

    /// One process, from its start to its end.
    static func raw(_ claude: String, api: String, folder: String, turns count: Int) throws -> PoolRun {
        var run = PoolRun()
        let start = ContinuousClock.now
        let claude = try RawClaude(claude, api: api, folder: folder)
        defer { claude.end() }
        try claude.initialize()
        run.spawn = (ContinuousClock.now - start).inSeconds * 1000
        try claude.turn(prompt(0))
        var last = ContinuousClock.now
        run.cold = (last - start).inSeconds * 1000
        for number in 1...count {
            try claude.clear()
            let begun = ContinuousClock.now
            try claude.turn(prompt(number))
            let now = ContinuousClock.now
            run.turns.append((now - begun).inSeconds * 1000)
            run.switches.append((now - last).inSeconds * 1000)
            last = now
        }
        return run
    }

    /// One instance of a new agent, from the first task to the last, by the agent's clock.
    static func fleet(_ stage: Stage, _ client: CoordinatorClient, turns count: Int) async throws -> PoolRun {
        // The first comes alone: it is what a user waits for when nothing is warm.
        let first = try await results(stage, client, 0..<1)
        guard let cold = first.first, let started = cold.startedAt else {
            throw BenchError("the first task has no times")
        }
        var run = PoolRun()
        run.cold = Double(cold.finishedAt.milliseconds - cold.queuedAt.milliseconds)
        run.spawn = Double(started.milliseconds - cold.queuedAt.milliseconds)
        let results = try await results(stage, client, 1..<count + 2)
        for (before, result) in zip(results, results.dropFirst()) {
            guard let started = result.startedAt else { throw BenchError("task \(result.task) has no start") }
            run.turns.append(Double(result.finishedAt.milliseconds - started.milliseconds))
            run.switches.append(Double(result.finishedAt.milliseconds - before.finishedAt.milliseconds))
        }
        return run
    }

    private static func results(
        _ stage: Stage, _ client: CoordinatorClient, _ numbers: Range<Int>
    ) async throws -> [TaskResult] {
        var rest = numbers.makeIterator()
        let job = try await client.submitStream(JobSpec(name: "bench"), options: [TaskOptions()]) {
            rest.next().map { TaskSpec(prompt: .text(prompt($0))) }
        }.job
        let summary = try await stage.jobIsFinished(client, job)
        guard summary.succeeded == UInt32(numbers.count) else {
            throw BenchError("of \(numbers.count) tasks \(summary.succeeded) succeeded: \(summary.note)")
        }
        var found: [TaskResult] = []
        while found.count < numbers.count {
            let page = try await client.results(of: job, from: found.last.map { $0.task.index + 1 } ?? 0)
            guard !page.results.isEmpty else { throw BenchError("job \(job) has \(found.count) results") }
            found += page.results
        }
        return found.sorted { $0.finishedAt < $1.finishedAt }
    }
}
