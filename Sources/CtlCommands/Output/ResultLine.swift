import ClusterModel
import CoordinatorClient

/// A task's result with its texts at hand, as scripts read it: one JSON object on a line.
struct ResultLine {
    let result: TaskResult
    /// Nil when there is none.
    let answer: String?
    /// JSON, nil when there is none.
    let structured: String?
    let input: String

    init(_ result: TaskResult, answer: String?, structured: String?, input: String) {
        self.result = result
        self.answer = answer
        self.structured = structured
        self.input = input
    }

    /// Fetches what is kept as a blob.
    init(_ result: TaskResult, from client: CoordinatorClient) async throws {
        var answer: String?
        if let content = result.answer { answer = try await client.text(of: content) }
        var structured: String?
        if let content = result.structured { structured = try await client.text(of: content) }
        var input = ""
        if let content = result.input { input = try await client.text(of: content) }
        self.init(result, answer: answer, structured: structured, input: input)
    }

    /// - Parameter withDetail: Whether an error carries the end of the instance's stream.
    func json(withDetail: Bool = false) -> JSONObject {
        var object = JSONObject()
        object.add("job", result.task.job.rawValue)
        object.add("task", result.task.description)
        object.add("index", result.task.index)
        object.add("state", result.state.name)
        object.add("attempts", result.attempts)
        object.addOrNull("agent", result.agent)
        object.addOrNull("instance", result.instance)
        if let answer { object.add("result", answer) } else { object.addNull("result") }
        if let structured { object.add("structured", json: structured) } else { object.addNull("structured") }
        if let failure = result.failure {
            object.add("error", Self.json(failure, withDetail: withDetail))
        } else {
            object.addNull("error")
        }
        object.add("usage", UsageJSON.object(result.usage))
        object.add("cost_usd", microUSD: result.costMicroUSD)
        object.addOrNull("session_id", result.sessionID)
        object.add("queued_at", timeMilliseconds: result.queuedAt.milliseconds)
        object.add("started_at", timeMilliseconds: result.startedAt?.milliseconds ?? 0)
        object.add("finished_at", timeMilliseconds: result.finishedAt.milliseconds)
        if let duration = durationMilliseconds {
            object.add("duration_ms", duration)
        } else {
            object.addNull("duration_ms")
        }
        if let workspace = result.workspace { object.add("workspace", WorkspaceJSON.object(workspace)) }
        object.add("input", input)
        return object
    }

    /// From the start of the attempt that counted to its end; nil when none ever started.
    var durationMilliseconds: Int64? {
        result.startedAt.map { max(0, result.finishedAt.milliseconds &- $0.milliseconds) }
    }

    /// What a table shows: the answer, or what went wrong.
    var shown: String {
        if let failure = result.failure { return "\(failure.errorClass): \(failure.message)" }
        return answer ?? structured ?? ""
    }

    /// What a script without JSON reads: the structured answer if a schema was met, else the answer.
    var bare: String { structured ?? answer ?? "" }

    private static func json(_ failure: TaskFailure, withDetail: Bool) -> JSONObject {
        var object = JSONObject()
        object.add("class", failure.errorClass)
        object.add("message", failure.message)
        if withDetail { object.add("detail", failure.detail) }
        return object
    }
}

/// Tokens, under the names that the API gives them.
enum UsageJSON {
    static func object(_ usage: Usage) -> JSONObject {
        var object = JSONObject()
        object.add("input_tokens", usage.inputTokens)
        object.add("output_tokens", usage.outputTokens)
        object.add("cache_read_input_tokens", usage.cacheReadInputTokens)
        object.add("cache_creation_input_tokens", usage.cacheCreationInputTokens)
        return object
    }
}
