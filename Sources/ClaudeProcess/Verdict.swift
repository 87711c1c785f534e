import ClusterModel

/// What a turn's ending means for its task.
///
/// Success needs all of: no error, subtype `success`, completed, the schema's object if one was asked, no denied permission. The
/// CLI's own words are not enough: it reports an API failure as `success` with `is_error`, and a denied tool as plain success.
public enum Verdict {
    /// Judges an ending. A turn that succeeded has succeeded, even when its timeout or a cancellation came in the same moment.
    ///
    /// - Returns: succeeded without a failure, or failed or cancelled with one.
    public static func judge(
        _ ending: TurnEnding, schemaAsked: Bool, timedOut: Bool, cancelled: Bool
    ) -> (state: TaskState, failure: TaskFailure?) {
        var failure: TaskFailure?
        switch ending {
        case .broken(let broken): failure = TaskFailure(.crash, broken.message, detail: broken.detail)
        case .result(let result): failure = judge(result, schemaAsked: schemaAsked)
        }
        guard let failure else { return (.succeeded, nil) }
        if cancelled {
            return (.cancelled, TaskFailure(.cancelled, "the task was cancelled while it ran", detail: failure.detail))
        }
        if timedOut {
            return (.failed, TaskFailure(.timeout, "the task ran longer than its timeout", detail: failure.detail))
        }
        return (.failed, failure)
    }

    /// Nil: success.
    private static func judge(_ result: TurnResult, schemaAsked: Bool) -> TaskFailure? {
        let detail = detail(of: result)
        func failure(_ errorClass: ErrorClass, _ message: String) -> TaskFailure {
            TaskFailure(errorClass, message, detail: detail)
        }
        switch result.subtype {
        case "success": break
        case "error_max_turns": return failure(.cap, "the cap on turns ended it")
        case "error_max_budget_usd": return failure(.cap, "the cap on cost ended it")
        case "error_max_structured_output_retries": return failure(.schema, "the answer never met the schema")
        default:
            if let status = result.apiErrorStatus, isRefusal(status) {
                return failure(.auth, "the service refused the credential (status \(status))")
            }
            let reason = result.terminalReason.map { ", \($0)" } ?? ""
            return failure(errorClass(of: result), "claude ended the turn with \(result.subtype)\(reason)")
        }
        if result.isError {
            let said = result.resultText.map { ": \($0.prefix(500))" } ?? ""
            let status = result.apiErrorStatus.map { " (status \($0))" } ?? ""
            return failure(errorClass(of: result), "the API call failed\(status)\(said)")
        }
        if let reason = result.terminalReason, reason != "completed" {
            return failure(errorClass(of: result), "the turn was not completed: \(reason)")
        }
        if !result.permissionDenials.isEmpty {
            return failure(.denied, "a permission was denied: \(names(of: result.permissionDenials))")
        }
        if schemaAsked && result.structuredJSON == nil {
            return failure(.schema, "the answer does not hold the object that the schema asks for")
        }
        return nil
    }

    /// Whether a status says that the service does not take the credential.
    static func isRefusal(_ status: Int) -> Bool { status == 401 || status == 403 }

    /// The class of an error that the CLI reports with a status or a reason.
    private static func errorClass(of result: TurnResult) -> ErrorClass {
        // An empty account is not the task's fault: the queue waits, as for a credential that is refused.
        if result.apiErrorStatus == 402 || result.resultText?.contains("Credit balance is too low") == true {
            return .auth
        }
        switch result.terminalReason {
        case "prompt_too_long", "image_error": return .permanent
        case "max_turns", "budget_exhausted": return .cap
        default: break
        }
        switch result.apiErrorStatus {
        case .some(let status) where isRefusal(status): return .auth
        case 429: return .rateLimit
        case 529: return .overloaded
        case 408, 409: return .transient
        case .some(400..<500): return .permanent
        case .some: return .transient
        // Without any credential it makes no call at all, and only its words tell.
        case nil: return result.resultText?.contains("Please run /login") == true ? .auth : .transient
        }
    }

    /// What was said last, within the limit of a failure's detail: both streams' ends, else the result's own words.
    private static func detail(of result: TurnResult) -> String {
        guard result.lastWords.isEmpty else { return result.lastWords }
        let text = (result.errors + [result.resultText].compactMap { $0 }).joined(separator: "\n")
        return text.utf8.count <= Limits.failureDetailBytes ? text : String(text.suffix(Limits.failureDetailBytes / 4))
    }

    /// Each tool once, in order.
    private static func names(of denials: [String]) -> String {
        var seen: Set<String> = []
        return denials.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }
}
