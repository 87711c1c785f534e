import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Tasks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the tasks of jobs in order.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: String

    @Option(
        help: ArgumentHelp(
            "Only those in this state: queued, running, backoff, blocked, held, succeeded, failed, …",
            valueName: "state"))
    var state: String?

    private static let columns: [Table.Column] = [
        .init("TASK"), .init("STATE"), .init("PRIORITY"), .init("TRIES", .right), .init("AGENT"), .init("NAME"),
        .init("PROMPT"),
    ]

    func validate() throws {
        let known = TaskState.allCases.map(\.name)
        if let state, !known.contains(state) {
            throw ValidationError("--state must be one of \(known.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let selector = try JobSelector(job)
        try await CtlSession.with(global) { session in
            var table = Table(Self.columns, width: Terminal.width(1))
            for job in try await selector.jobs(session.client) {
                try await printTasks(of: job.job, session, &table)
            }
        }
    }

    private func printTasks(of job: JobID, _ session: CtlSession, _ table: inout Table) async throws {
        var output = StandardOutput()
        var next: UInt32? = 0
        while let first = next {
            let page = try await session.client.tasks(of: job, from: first)
            let tasks = page.tasks.filter { state == nil || $0.state == state }
            switch session.format {
            case .table: for line in table.lines(tasks.map { Self.row($0, job) }) { try output.line(line) }
            case .json: for task in tasks { try output.line(Self.json(task, job).line) }
            case .quiet: for task in tasks { try output.line("\(job).\(task.index)") }
            }
            try output.flush()
            next = page.nextIndex.flatMap { $0 > first ? $0 : nil }
        }
    }

    private static func row(_ task: TaskSummary, _ job: JobID) -> [String] {
        [
            "\(job).\(task.index)", task.state,
            Priority(rawValue: Int(task.priority))?.description ?? "\(task.priority)",
            String(task.attempts), task.agent.isEmpty ? "-" : task.agent, task.name.isEmpty ? "-" : task.name,
            task.note.isEmpty ? task.promptStart : "(\(task.note)) \(task.promptStart)",
        ]
    }

    private static func json(_ task: TaskSummary, _ job: JobID) -> JSONObject {
        var object = JSONObject()
        object.add("job", job.rawValue)
        object.add("task", "\(job).\(task.index)")
        object.add("index", task.index)
        object.add("name", task.name)
        object.add("state", task.state)
        object.add("priority", task.priority)
        object.add("attempts", task.attempts)
        object.addOrNull("agent", task.agent)
        object.add("prompt", task.promptStart)
        object.addOrNull("note", task.note)
        return object
    }
}
