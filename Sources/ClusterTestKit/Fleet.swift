import Foundation

/// A coordinator, its agents and, where the real CLI works, a simulated API, as real processes on loopback.
public actor Fleet {
    /// Where everything of it is written.
    public nonisolated let bench: Workbench
    private let simulatedAPI: SimulatedAPI?
    private let ports: [UInt16]
    private let options: [String]
    private let coordinatorEnvironment: [String: String]
    private let address: String
    /// The coordinator that was started last; nil before.
    public private(set) var coordinator: ManagedProcess?
    /// The latest process started under each name, which may have ended.
    public private(set) var agents: [String: ManagedProcess] = [:]

    /// - Parameters:
    ///   - api: nil where claude-sim stands in, which makes no call.
    ///   - coordinatorOptions: flags on top of endpoints and data directory.
    ///   - coordinatorEnvironment: on top of the clean one.
    ///   - address: where the coordinator listens; agents and clients come by loopback all the same.
    public init(
        _ bench: Workbench, api: SimulatedAPI? = nil, coordinatorOptions: [String] = [],
        coordinatorEnvironment: [String: String] = [:], address: String = "127.0.0.1"
    ) throws {
        self.bench = bench
        self.simulatedAPI = api
        self.options = coordinatorOptions
        self.coordinatorEnvironment = coordinatorEnvironment
        self.address = address
        ports = try FreePorts.take(3)
    }

    /// The API that it was made with.
    public nonisolated var api: SimulatedAPI {
        get throws {
            guard let simulatedAPI else { throw SceneError("this fleet has no simulated API") }
            return simulatedAPI
        }
    }

    /// Where ccctl finds the coordinator.
    public nonisolated var clientsEndpoint: String { "tcp://127.0.0.1:\(ports[1])" }
    /// Where agents find the coordinator.
    public nonisolated var agentsEndpoint: String { "tcp://127.0.0.1:\(ports[0])" }
    /// Where content over 64 KiB comes and goes.
    public nonisolated var blobsEndpoint: String { "tcp://127.0.0.1:\(ports[2])" }
    /// Where the coordinator keeps its store.
    public nonisolated var dataDirectory: String { bench.scratch + "/coordinator" }

    /// Where the coordinator works and listens, as flags.
    public nonisolated var coordinatorFlags: [String] {
        [
            "--data-dir", dataDirectory, "--agents-endpoint", "tcp://\(address):\(ports[0])", "--clients-endpoint",
            "tcp://\(address):\(ports[1])", "--blobs-endpoint", "tcp://\(address):\(ports[2])", "--http", "off",
        ]
    }

    /// Starts the coordinator, or starts it again on its old ports and data.
    ///
    /// - Parameter wrapper: a command, by its path, that the coordinator's own follows: it must replace itself by that.
    public func startCoordinator(under wrapper: [String] = []) throws {
        let command = wrapper + [try bench.program("cc-coordinator")] + coordinatorFlags + options
        coordinator = try ManagedProcess(
            bench, name: "cc-coordinator", program: command[0], Array(command.dropFirst()),
            environment: bench.environment(coordinatorEnvironment))
    }

    /// Starts an agent, or starts it again on its old state. `environment` goes on top of the clean one with the simulated API's
    /// address and a dummy key. `claude`: another one than the bench's.
    public func startAgent(
        _ name: String, instances: Int, _ arguments: [String] = [], claude: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        var own = ["ANTHROPIC_API_KEY": "sk-dummy", "CCO_POLICY_DIRECTORIES": bench.scratch]
        if let simulatedAPI { own["ANTHROPIC_BASE_URL"] = simulatedAPI.url }
        own.merge(environment) { $1 }
        agents[name] = try ManagedProcess(
            bench, name: name, program: "cc-agent",
            [
                "--coordinator", agentsEndpoint, "--name", name, "--instances", "\(instances)", "--claude",
                claude ?? bench.claude,
                "--state-dir", bench.scratch + "/" + name,
            ] + arguments, environment: bench.environment(own))
    }

    /// Waits until so many agents are live.
    public func agentsAreLive(_ count: Int) async throws {
        try await eventually("\(count) live agents", within: .seconds(60)) {
            for agent in agents.values where !agent.isRunning {
                throw SceneError("\(agent.name) ended:\n\(agent.logTail())")
            }
            let run = try await ccctl(["agents", "--output", "json"])
            return run.code == 0 && run.output.components(separatedBy: "\"live\"").count - 1 == count
        }
    }

    /// What a run of ccctl gave.
    public struct Run: Sendable {
        /// The exit code, or 128 and the number of the signal that ended it.
        public var code: Int32
        /// Standard output, whole.
        public var output: String
        /// Standard error, whole.
        public var errors: String
        /// As a program left it.
        public init(code: Int32, output: String, errors: String) {
            self.code = code
            self.output = output
            self.errors = errors
        }

        /// The output without the white space around it.
        public var trimmed: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// Runs ccctl against this fleet and waits for its end.
    public nonisolated func ccctl(_ arguments: [String], within limit: Duration = .seconds(600)) async throws -> Run {
        try await bench.run("ccctl", ["--coordinator", clientsEndpoint] + arguments, within: limit)
    }

    /// Ends everything, agents first.
    public func stop() async {
        for agent in agents.values { await agent.stop() }
        await coordinator?.stop()
        await simulatedAPI?.process.stop()
    }
}

extension Workbench {
    /// Runs a program to its end, with its output taken apart.
    public func run(
        _ program: String, _ arguments: [String], environment more: [String: String] = [:], directory: String? = nil,
        within limit: Duration = .seconds(600)
    ) async throws -> Fleet.Run {
        let tag = scratch + "/run-" + UUID().uuidString
        guard FileManager.default.createFile(atPath: tag + ".out", contents: nil),
            FileManager.default.createFile(atPath: tag + ".err", contents: nil),
            let output = FileHandle(forWritingAtPath: tag + ".out"),
            let errors = FileHandle(forWritingAtPath: tag + ".err")
        else { throw SceneError("\(tag).out can't be written") }
        let process = try SpawnedProcess(
            self.program(program), arguments, environment: environment(more), directory: directory ?? scratch,
            output: output.fileDescriptor, errors: errors.fileDescriptor)
        do {
            try await eventually("\(program) \(arguments.joined(separator: " ")) to end", within: limit) {
                !process.isRunning
            }
        } catch {
            process.signal(SIGTERM)
            throw error
        }
        return Fleet.Run(
            code: process.wait(),
            output: try String(contentsOfFile: tag + ".out", encoding: .utf8),
            errors: try String(contentsOfFile: tag + ".err", encoding: .utf8))
    }
}
