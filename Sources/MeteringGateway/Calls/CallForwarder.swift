import ClusterModel

/// Takes one call through its permits and sends until its instance has an answer.
struct CallForwarder: Sendable {
    let exchange: Exchange

    /// The connection to the instance is to be broken, as the one to the service was.
    struct BrokenOff: Error {}

    /// - Throws: ``GatewayAnswer`` that the instance gets instead; ``BrokenOff``; `CancellationError` when nobody waits any more.
    func run() async throws {
        var failures = 0
        var sends = 0
        while true {
            let granted = try await permit()
            exchange.counter.count(sends == 0 ? \.forwarded : \.repeated)
            sends += 1
            let (end, outcome) = await exchange.send(granted)
            // Before the answer's end: whoever has read that may ask at once what it cost.
            exchange.permits.ended(granted, end)
            switch outcome {
            case .whole: return try await exchange.answer.finish()
            case .cut: throw BrokenOff()
            case .left: throw CancellationError()
            case .impossible(let why): throw GatewayAnswer.refused(why)
            case .noAnswer(let why):
                guard try await mayRepeat(status: nil, failures: &failures, header: { _ in nil }) else {
                    throw GatewayAnswer.noAnswer(why)
                }
            case .kept(let kept):
                let header: (String) -> String? = { kept.headers.first(name: $0) }
                guard try await mayRepeat(status: kept.status, failures: &failures, header: header) else {
                    return try await exchange.pass(kept)
                }
            }
        }
    }

    private func permit() async throws -> GrantedCall {
        let granted: GrantedCall
        do {
            granted = try await exchange.permits.permit(for: exchange.call)
        } catch let refusal as CallRefusal {
            throw GatewayAnswer.refused(refusal.message)
        }
        guard !Task.isCancelled else {
            exchange.permits.ended(granted, .unsent)
            throw CancellationError()
        }
        return granted
    }

    /// Whether the call is sent again; waits before it where the service could not serve it.
    private func mayRepeat(status: Int?, failures: inout Int, header: (String) -> String?) async throws -> Bool {
        switch RepeatRule.judge(exchange.call, status: status, header: header) {
        case .pass: return false
        case .limited: return true
        case .failed:
            guard failures < exchange.limits.repeats else { return false }
            failures += 1
            try await exchange.permits.backOff(after: failures, of: exchange.call)
            return true
        }
    }
}
