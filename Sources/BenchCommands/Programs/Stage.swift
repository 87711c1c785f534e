import ClusterModel
import CoordinatorClient
import Foundation

/// A coordinator and, where wanted, an agent: the shipped programs on loopback, with a clean environment and defaults but for what is said here.
final class Stage {
    /// What the agent executes.
    enum Work {
        case noop(capacity: Int)
        case exec(slots: Int, program: String)
        case claude(instances: Int, path: String, api: String)
    }

    let scratch: Scratch
    private let durability: BenchOptions.Durability
    private let programs: String
    private let ports: [UInt16]
    private var coordinatorProcess: ChildProcess?
    private var agent: ChildProcess?
    /// Hidden verbs of this program, in the order of their start.
    private var helpers: [ChildProcess] = []

    init(_ options: BenchOptions) throws {
        durability = options.durability
        programs = try options.programsFolder()
        scratch = try Scratch(in: options.scratchParent)
        ports = try LoopbackPorts.free(3)
    }

    var agentsEndpoint: String { "tcp://127.0.0.1:\(ports[0])" }
    var clientsEndpoint: String { "tcp://127.0.0.1:\(ports[1])" }
    var secretFile: String { scratch.path + "/secret" }

    /// The coordinator that was started last.
    var coordinator: ChildProcess {
        get throws {
            guard let coordinatorProcess else { throw BenchError("the coordinator was not started") }
            return coordinatorProcess
        }
    }

    func client(batch: Int = Limits.tasksPerMessage) throws -> CoordinatorClient {
        var limits = ClientLimits(connectTimeout: .seconds(60), answerTimeout: .seconds(600))
        limits.tasksPerBatch = batch
        return try CoordinatorClient.loopback(endpoint: clientsEndpoint, secretFile: secretFile, limits: limits)
    }

    /// Starts it, or starts it again on its old ports and data.
    func startCoordinator() throws {
        coordinatorProcess = try start(
            "cc-coordinator",
            [
                "--data-dir", scratch.path + "/coordinator", "--agents-endpoint", agentsEndpoint,
                "--clients-endpoint", clientsEndpoint, "--blobs-endpoint", "tcp://127.0.0.1:\(ports[2])", "--http",
                "off",
            ])
    }

    /// Starts the agent; it is live when ``agentIsLive(_:)`` returns.
    @discardableResult
    func startAgent(_ work: Work) throws -> ChildProcess {
        var arguments = ["--coordinator", agentsEndpoint, "--name", "bench", "--state-dir", scratch.path + "/agent"]
        var environment: [String: String] = [:]
        switch work {
        case .noop(let capacity):
            arguments += ["--runner", "noop", "--offer-noop", "--noop-capacity", "\(capacity)"]
        case .exec(let slots, let program):
            arguments += ["--runner", "exec", "--instances", "\(slots)"]
            environment["CCO_POLICY_COMMANDS"] = program
        case .claude(let instances, let path, let api):
            arguments += ["--instances", "\(instances)", "--claude", path]
            environment = [
                "ANTHROPIC_BASE_URL": api, "ANTHROPIC_API_KEY": "sk-dummy",
                // A new process in the middle of a measurement is another measurement.
                "CCO_TASKS_PER_INSTANCE": "1000000",
            ]
        }
        let process = try start("cc-agent", arguments, environment)
        agent = process
        return process
    }

    /// Waits until the coordinator knows an agent that it may give work to.
    func agentIsLive(_ client: CoordinatorClient) async throws {
        try await until("the agent to be live", within: .seconds(60)) {
            try self.agent?.checkRunning()
            return try await client.agents().contains { $0.state == "live" }
        }
    }

    /// Waits for a job's end.
    func jobIsFinished(_ client: CoordinatorClient, _ job: JobID) async throws -> JobSummary {
        var summary = try await client.job(job)
        try await until("the end of job \(job)", within: .seconds(3600)) {
            try self.agent?.checkRunning()
            summary = try await client.job(job)
            return summary.isFinished
        }
        return summary
    }

    func stopAgent() async throws { try await agent?.stop() }

    /// Starts a hidden verb of `ccctl bench` as a process of its own, and waits for the line that it says once it listens.
    func startHelper(_ verb: String, _ arguments: [String]) async throws -> (process: ChildProcess, line: Data) {
        let process = try start("ccctl", ["bench", verb] + arguments, log: verb)
        helpers.append(process)
        var line = Data()
        try await until("\(verb) to listen", within: .seconds(60)) {
            try process.checkRunning()
            let said = try Data(contentsOf: URL(fileURLWithPath: logPath(verb)))
            guard let end = said.firstIndex(of: 0x0A) else { return false }
            line = said[..<end]
            return true
        }
        return (process, line)
    }

    /// Starts the simulated API beside the programs, and gives its address.
    func startAPI() async throws -> String {
        guard access(programs + "/anthropic-sim", X_OK) == 0 else {
            throw BenchError("there is no anthropic-sim in \(programs): build it, or name a Messages API with --api")
        }
        let portFile = scratch.path + "/api.port"
        let process = try start("anthropic-sim", ["--port", "0", "--port-file", portFile])
        helpers.append(process)
        var port = ""
        try await until("anthropic-sim to listen", within: .seconds(60)) {
            try process.checkRunning()
            guard access(portFile, R_OK) == 0 else { return false }
            port = try String(contentsOfFile: portFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            return !port.isEmpty
        }
        return "http://127.0.0.1:\(port)"
    }

    /// Throws if a helper has ended, with the end of its log.
    func checkHelpers() throws {
        for helper in helpers { try helper.checkRunning() }
    }

    /// Ends all, what was started last first (the agent before its coordinator), and removes everything.
    func end() async throws {
        for helper in helpers.reversed() { try await helper.stop() }
        try await agent?.stop()
        try await coordinatorProcess?.stop()
        try scratch.remove()
    }

    /// Asks every 20 ms, and looks whether the programs still run.
    func until(_ what: String, within limit: Duration, _ isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + limit
        while try await !isSo() {
            try coordinatorProcess?.checkRunning()
            guard ContinuousClock.now < end else { throw BenchError("waited \(limit) in vain for \(what)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func logPath(_ name: String) -> String { "\(scratch.path)/log/\(name).log" }

    private func start(
        _ program: String, _ arguments: [String], _ more: [String: String] = [:], log: String? = nil
    ) throws -> ChildProcess {
        let path = programs + "/" + program
        guard access(path, X_OK) == 0 else {
            throw BenchError("\(path) is not there: build it, or name the folder of the programs with --programs")
        }
        var environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch.path + "/home", "LANG": "C.UTF-8",
            "TMPDIR": scratch.path, "CCO_SECRET_FILE": secretFile, "CCO_DURABILITY": durability.rawValue,
        ]
        environment.merge(more) { $1 }
        return try ChildProcess(
            log ?? program, [path] + arguments, environment: environment,
            log: logPath(log ?? program))
    }
}

/// Runs a measurement on a stage and ends the stage after it, however it went.
func onStage<Value>(
    _ options: BenchOptions, _ body: (Stage) async throws -> Value
) async throws -> Value {
    let signals = await LeftOvers.endOnSignals()
    defer { signals.cancel() }
    let stage = try Stage(options)
    let result: Value
    do {
        result = try await body(stage)
    } catch {
        // The measurement's own trouble is what is thrown; exit takes what this leaves.
        do { try await stage.end() } catch let left { BenchTrouble.tell("the stage was not cleared away: \(left)") }
        throw error
    }
    try await stage.end()
    return result
}
