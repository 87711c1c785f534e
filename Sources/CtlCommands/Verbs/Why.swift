import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what keeps a task from running, its place in the queue, and when it may start.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A task such as 7.12, or a job that has one task.")
    var task: String

    func run() async throws {
        let selector = try TaskSelector(task)
        try await CtlSession.with(global) { session in
            let id = try await selector.oneTask(session.client)
            let why = try await session.client.why(id)
            var output = StandardOutput()
            switch session.format {
            case .table: for line in Self.lines(id, why) { try output.line(SafeText.oneLine(line)) }
            case .json: try output.line(Self.json(id, why).line)
            case .quiet: for reason in why.reasons { try output.line(SafeText.oneLine(reason.code)) }
            }
            try output.flush()
        }
    }

    /// State, each reason on a line of its own, place, estimated start.
    static func lines(_ task: TaskID, _ why: WhySummary) -> [String] {
        var head = "task \(task) is \(why.state)"
        if !why.agent.isEmpty { head += ", on agent \(why.agent)" }
        if why.attempts > 0 { head += ", tried \(why.attempts == 1 ? "once" : "\(why.attempts) times")" }
        var lines = [head] + why.reasons.map { "- \($0.text)" }
        if let ahead = why.ahead {
            lines.append(ahead == 1 ? "1 task goes before it" : "\(ahead) tasks go before it")
        }
        if let start = why.estimatedStart {
            let length = TimeText.length(milliseconds: start.rawValue)
            lines.append(start.rawValue < 1000 ? "estimated start: now" : "estimated start: in about \(length)")
        }
        return lines
    }

    static func json(_ task: TaskID, _ why: WhySummary) -> JSONObject {
        var object = JSONObject()
        object.add("task", task.description)
        object.add("state", why.state)
        object.add(
            "reasons",
            why.reasons.map { reason in
                var object = JSONObject()
                object.add("code", reason.code)
                object.add("text", reason.text)
                return object
            })
        if let ahead = why.ahead { object.add("ahead", ahead) } else { object.addNull("ahead") }
        if let start = why.estimatedStart {
            object.add("estimated_start_ms", start.rawValue)
        } else {
            object.addNull("estimated_start_ms")
        }
        object.addOrNull("agent", why.agent)
        object.add("attempts", why.attempts)
        return object
    }
}
