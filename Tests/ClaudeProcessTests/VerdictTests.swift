import ClaudeProcess
import ClusterModel
import Testing

/// One row: what the CLI said, and what it means.
struct VerdictCase: CustomTestStringConvertible, Sendable {
    var name: String
    var ending: TurnEnding
    var schemaAsked = false
    var timedOut = false
    var cancelled = false
    var state: TaskState
    var errorClass: ErrorClass?
    var testDescription: String { name }

    static func result(
        _ name: String, _ result: TurnResult, schemaAsked: Bool = false, _ state: TaskState,
        _ errorClass: ErrorClass? = nil
    ) -> Self {
        VerdictCase(name: name, ending: .result(result), schemaAsked: schemaAsked, state: state, errorClass: errorClass)
    }

    /// As the CLI reports a failed API call.
    static func status(
        _ status: Int?, text: String = "API Error", reason: String = "api_error", _ errorClass: ErrorClass
    ) -> Self {
        let result = TurnResult(isError: true, resultText: text, terminalReason: reason, apiErrorStatus: status)
        return .result("status \(status.map(String.init) ?? "none") (\(reason), \(text))", result, .failed, errorClass)
    }
}

@Suite struct VerdictTests {
    static let good = TurnResult(resultText: "42", terminalReason: "completed")
    static let aborted = TurnResult(
        subtype: "error_during_execution", isError: true, terminalReason: "aborted_streaming")
    static let broken = TurnEnding.broken(
        InstanceFailure(.exited, "claude ended with exit code 9", detail: "last words"))

    static let cases: [VerdictCase] = [
        .result("success", good, .succeeded),
        .result("success without a reason", TurnResult(resultText: "42"), .succeeded),
        .result(
            "an object", TurnResult(structuredJSON: "{}", terminalReason: "completed"), schemaAsked: true, .succeeded),
        .result("no object", good, schemaAsked: true, .failed, .schema),
        .result("denied", TurnResult(permissionDenials: ["Bash"], terminalReason: "completed"), .failed, .denied),
        .result(
            "denied, hence no object", TurnResult(permissionDenials: ["Bash"], terminalReason: "completed"),
            schemaAsked: true,
            .failed, .denied),
        .result("not completed", TurnResult(terminalReason: "aborted_tools"), .failed, .transient),
        .status(401, .auth), .status(403, .auth), .status(429, .rateLimit), .status(529, .overloaded),
        .status(500, .transient), .status(502, .transient), .status(503, .transient), .status(408, .transient),
        .status(nil, .transient),
        .status(400, .permanent), .status(404, .permanent), .status(413, reason: "image_error", .permanent),
        .status(422, .permanent),
        .status(nil, text: "Not logged in · Please run /login", .auth),
        .status(nil, reason: "prompt_too_long", .permanent), .status(400, reason: "prompt_too_long", .permanent),
        .result(
            "turns", TurnResult(subtype: "error_max_turns", isError: true, terminalReason: "max_turns"), .failed, .cap),
        .result(
            "budget", TurnResult(subtype: "error_max_budget_usd", isError: true, terminalReason: "budget_exhausted"),
            .failed, .cap),
        .result(
            "schema never met", TurnResult(subtype: "error_max_structured_output_retries", isError: true), .failed,
            .schema),
        .result("aborted by nobody", aborted, .failed, .transient),
        .result("an unknown kind", TurnResult(subtype: "error_of_next_year", isError: true), .failed, .transient),
        VerdictCase(name: "ended", ending: broken, state: .failed, errorClass: .crash),
        VerdictCase(
            name: "cancelled", ending: .result(aborted), cancelled: true, state: .cancelled, errorClass: .cancelled),
        VerdictCase(name: "timed out", ending: .result(aborted), timedOut: true, state: .failed, errorClass: .timeout),
        VerdictCase(name: "timed out and killed", ending: broken, timedOut: true, state: .failed, errorClass: .timeout),
        VerdictCase(
            name: "cancelled and timed out", ending: broken, timedOut: true, cancelled: true, state: .cancelled,
            errorClass: .cancelled),
        VerdictCase(
            name: "done just before it was cancelled", ending: .result(good), cancelled: true, state: .succeeded),
        VerdictCase(name: "done just before its timeout", ending: .result(good), timedOut: true, state: .succeeded),
    ]

    @Test("A turn's ending", arguments: cases)
    func judged(_ one: VerdictCase) {
        let verdict = Verdict.judge(
            one.ending, schemaAsked: one.schemaAsked, timedOut: one.timedOut, cancelled: one.cancelled)
        #expect(verdict.state == one.state)
        #expect(verdict.failure?.known == one.errorClass)
        #expect(verdict.failure?.message.isEmpty != true)
    }

    @Test("A failure keeps what the instance said last, within its limit")
    func detail() {
        #expect(
            Verdict.judge(Self.broken, schemaAsked: false, timedOut: false, cancelled: false).failure?.detail
                == "last words")
        let long = TurnResult(isError: true, resultText: String(repeating: "é", count: 100_000), apiErrorStatus: 500)
        let failure = Verdict.judge(.result(long), schemaAsked: false, timedOut: false, cancelled: false).failure
        #expect((1...Limits.failureDetailBytes).contains(failure?.detail.utf8.count ?? 0))
    }
}
