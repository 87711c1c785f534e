import ArgumentParser
import CoordinatorClient
import Settings

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how a job stands; without one, the coordinator and all jobs that have not ended.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: String?

    func run() async throws {
        let selector = try job.map { try JobSelector($0) }
        try await CtlSession.with(global) { session in
            guard let selector else { return try await Self.overview(session) }
            let lines = try await selector.jobs(session.client).map(JobLine.init)
            try session.print(
                JobLine.columns, rows: lines.map(\.row), json: lines.map { $0.json() }, quiet: lines.map(\.state))
        }
    }

    private static func overview(_ session: CtlSession) async throws {
        let server = try await session.client.serverInfo()
        var lines: [JobLine] = []
        try await session.client.eachPageOfJobs { page in
            lines += page.filter { !$0.isFinished }.map(JobLine.init)
            return lines.count < JobSelector.jobsAtMost
        }
        var json = JSONObject()
        json.add("coordinator", ServerLine(server).json())
        json.add("jobs", lines.map { $0.json() })
        if session.format == .table {
            try session.print(ServerLine(server).sentence, json: json, quiet: nil)
            if lines.isEmpty { return }
        }
        try session.print(
            JobLine.columns, rows: lines.map(\.row), json: [json], quiet: lines.map { "\($0.job.job) \($0.state)" })
    }
}

/// The coordinator as `status` and `version` print it.
struct ServerLine {
    let server: ServerSummary

    init(_ server: ServerSummary) { self.server = server }

    var protocolVersion: String { "\(server.protocolMajor).\(server.protocolMinor)" }

    func json() -> JSONObject {
        var object = JSONObject()
        object.add("version", server.version)
        object.add("protocol", protocolVersion)
        object.add("store", String(server.store.rawValue, radix: 16))
        object.add("term", server.term)
        object.add("jobs", server.jobs)
        object.add("queued", server.queued)
        object.add("running", server.running)
        object.add("free_bytes", server.freeBytes)
        object.add("frames_dropped", server.framesDropped)
        object.add("results_set_aside", server.resultsSetAside)
        return object
    }

    var sentence: String {
        "coordinator \(server.version): \(server.jobs) jobs, \(server.queued) tasks queued, \(server.running) running"
    }
}
