import ClusterModel
import CoordinatorClient
import Foundation
import Glibc

/// A coordinator and agents of a benchmark's own, in a scratch folder, with a clean environment.
final class BenchFleet {
    let directory: String
    let secretFile: String
    let durability: String
    private let programs: String
    private var running: [Process] = []
    private(set) var coordinator: Process?
    private var ports: (agents: UInt16, clients: UInt16, blobs: UInt16) = (0, 0, 0)

    /// How long a program may take until it answers.
    static let startSeconds = 30.0

    init(_ options: BenchOptions) throws {
        let parent = options.directory ?? ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        directory = parent + "/ccctl-bench-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        secretFile = directory + "/secret"
        durability = options.durability
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        programs = options.programs ?? (own as NSString).deletingLastPathComponent
        for name in ["cc-coordinator", "cc-agent"]
        where !FileManager.default.isExecutableFile(atPath: "\(programs)/\(name)") {
            throw BenchError("there is no \(name) in \(programs): name the folder with --programs")
        }
        try FileManager.default.createDirectory(
            atPath: directory + "/home", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    var agentsEndpoint: String { "tcp://127.0.0.1:\(ports.agents)" }

    /// Starts the coordinator, over whatever it left behind before, and waits until it answers.
    func startCoordinator() async throws -> CoordinatorClient {
        if ports.agents == 0 { ports = (try Self.freePort(), try Self.freePort(), try Self.freePort()) }
        let process = try start(
            "cc-coordinator",
            [
                "--data-dir", directory + "/coordinator", "--http", "off", "--agents-endpoint", agentsEndpoint,
                "--clients-endpoint", "tcp://127.0.0.1:\(ports.clients)", "--blobs-endpoint",
                "tcp://127.0.0.1:\(ports.blobs)",
            ])
        coordinator = process
        let client = try connect()
        do { _ = try await client.serverInfo() } catch {
            throw BenchError("cc-coordinator does not answer: \(lastWords() ?? "\(error)")")
        }
        return client
    }

    func connect(_ change: (inout ClientLimits) -> Void = { _ in }) throws -> CoordinatorClient {
        var limits = ClientLimits(connectTimeout: .seconds(Int64(Self.startSeconds)), answerTimeout: nil)
        change(&limits)
        return try CoordinatorClient.loopback(
            endpoint: "tcp://127.0.0.1:\(ports.clients)", secretFile: secretFile, limits: limits)
    }

    func startAgent(_ name: String, _ flags: [String], environment: [String: String] = [:]) throws -> Process {
        try start(
            "cc-agent",
            [
                "--name", name, "--coordinator", agentsEndpoint, "--state-dir", "\(directory)/\(name)",
            ]
                + flags, environment: environment)
    }

    private func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Process
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(programs)/\(program)")
        process.arguments = arguments + ["--log-level", "warning"]
        process.environment = environment.merging(
            [
                "PATH": "/usr/bin:/bin", "HOME": directory + "/home", "LANG": "C.UTF-8", "CCO_SECRET_FILE": secretFile,
                "CCO_DURABILITY": durability,
            ]) { own, _ in own }
        process.standardInput = FileHandle.nullDevice
        let log = "\(directory)/\(program)-\(running.count).log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw BenchError("\(log) can't be made")
        }
        let handle = FileHandle(forWritingAtPath: log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        running.append(process)
        return process
    }

    /// The last line that a program of ours logged, if one of them did.
    private func lastWords() -> String? {
        for number in running.indices.reversed() {
            for program in ["cc-coordinator", "cc-agent"] {
                let log = "\(directory)/\(program)-\(number).log"
                guard FileManager.default.fileExists(atPath: log) else { continue }
                do {
                    let text = try String(contentsOfFile: log, encoding: .utf8)
                    if let line = text.split(separator: "\n").last { return String(line) }
                } catch { return nil }
            }
        }
        return nil
    }

    /// Ends a process that this benchmark started, at once.
    func kill(_ process: Process) {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends everything and removes the folder.
    func end() {
        for process in running.reversed() where process.isRunning { process.terminate() }
        let deadline = Date(timeIntervalSinceNow: 10)
        for process in running {
            while process.isRunning, Date() < deadline { usleep(10_000) }
            if process.isRunning { kill(process) }
        }
        do { try FileManager.default.removeItem(atPath: directory) } catch {
            FileHandle.standardError.write(Data("ccctl: \(directory) stays: \(error.localizedDescription)\n".utf8))
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bare in
                bind(descriptor, bare, length) == 0 && getsockname(descriptor, bare, &length) == 0
            }
        }
        guard bound else { throw BenchError("no free port on loopback: \(String(cString: strerror(errno)))") }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// What the kernel says of a process.
enum ProcessFigures {
    /// Processor time so far, in seconds.
    static func cpuSeconds(_ pid: Int32) -> Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return 0 }  // It is gone: nothing more is known of it.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in MiB.
    static func residentMiB(_ pid: Int32) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return 0 }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kib = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return (kib / 1024 * 10).rounded() / 10
    }
}
