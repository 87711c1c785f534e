import ClusterModel

/// What the gateway does about an answer of which nothing was passed on yet.
enum RepeatRule: Hashable, Sendable {
    /// The instance gets it.
    case pass
    /// A limit was hit: reported, and sent again with a permit of its own.
    case limited
    /// The service could not serve the call: sent again after a wait, a bounded number of times.
    case failed

    /// As the brief of each service has it.
    ///
    /// - Parameters:
    ///   - status: nil: the connection broke before the answer.
    ///   - header: the value of an answer's header, whose name is given in lower case.
    static func judge(_ call: MeteredCall, status: Int?, header: (String) -> String?) -> RepeatRule {
        if status == 429 { return .limited }
        guard call.service == MeteredService.claude else { return judgeOther(call, status: status, header: header) }
        return status == nil || isFailure(status) ? .failed : .pass
    }

    private static func judgeOther(_ call: MeteredCall, status: Int?, header: (String) -> String?) -> RepeatRule {
        if status == 403, header("x-ratelimit-remaining") == "0" || header("retry-after") != nil { return .limited }
        // What was written may be there although the answer is lost: a second one would double it.
        guard call.endpoint == "read" else { return .pass }
        return status == nil || isFailure(status) ? .failed : .pass
    }

    private static func isFailure(_ status: Int?) -> Bool {
        switch status {
        case 500, 502, 503, 504, 529: true
        default: false
        }
    }
}
