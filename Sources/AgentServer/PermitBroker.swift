import AgentPool
import ClusterModel
import ClusterWire
import MeteringGateway
import Synchronization

/// Stands between the gateway, whose calls wait here, and the coordinator, who grants them.
///
/// Everything is told again when a session begins: what waits, what is open, and every report that was not acknowledged. The coordinator
/// takes nothing twice, so no permit is lost or counted double by a broken connection.
final class PermitBroker: CallPermits {
    /// Requests or reports in one message.
    static let callsPerMessage = 500
    /// The first bound of a repeat's wait; it doubles with each try.
    static let firstBackOff = Milliseconds(500)
    /// The last bound.
    static let longestBackOff = Milliseconds.seconds(30)

    private typealias Waiting = (
        request: Ccorchestrator_V1_PermitRequest, continuation: CheckedContinuation<GrantedCall, any Error>
    )

    private struct State {
        var nextCall: UInt64 = 1
        /// Calls in the order in which they came, and not asked for in this session.
        var unasked: [UInt64] = []
        var waiting: [UInt64: Waiting] = [:]
        var open: [UInt64: Ccorchestrator_V1_PermitRequest] = [:]
        /// Cancelled before they could wait.
        var cancelledEarly: Set<UInt64> = []
        /// Open calls that this session was not told of.
        var untold: [UInt64] = []
        var reports: [Ccorchestrator_V1_PermitReport] = []
        var nextMessage: UInt64 = 1
        /// Sent and not acknowledged, in order.
        var unacknowledged: [(number: UInt64, reports: [Ccorchestrator_V1_PermitReport], isSent: Bool)] = []
        /// By instance: the attempt whose turn it has.
        var turns: [String: AttemptToken] = [:]
    }

    private let state = Mutex(State())
    private let feed: AsyncStream<EngineInput>.Continuation

    init(feed: AsyncStream<EngineInput>.Continuation) { self.feed = feed }

    // MARK: The gateway's side

    func permit(for call: MeteredCall) async throws -> GrantedCall {
        try Task.checkCancellation()
        let number = state.withLock { state in
            defer { state.nextCall += 1 }
            return state.nextCall
        }
        // A cancel that comes with the grant leaves its mark.
        defer { state.withLock { _ = $0.cancelledEarly.remove(number) } }
        return try await held(call.instance) {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let isCancelled = state.withLock { state in
                        guard state.cancelledEarly.remove(number) == nil else { return true }
                        state.waiting[number] = (Self.request(number, call, state.turns[call.instance]), continuation)
                        state.unasked.append(number)
                        return false
                    }
                    if isCancelled { return continuation.resume(throwing: CancellationError()) }
                    feed.yield(.permitsChanged)
                }
            } onCancel: {
                withdraw(number)
            }
        }
    }

    /// Whether a call of the turn that this instance has waits or is open.
    func isCalling(_ id: InstanceID) -> Bool {
        state.withLock { state in
            guard let token = state.turns["\(id)"]?.proto else { return false }
            return state.open.values.contains { $0.token == token }
                || state.waiting.values.contains { $0.request.token == token }
        }
    }

    func backOff(after tries: Int, of call: MeteredCall) async throws {
        let bound = min(Self.longestBackOff.rawValue, Self.firstBackOff.rawValue << Int64(min(max(0, tries - 1), 16)))
        try await held(call.instance) {
            // Full jitter: what failed together does not come back together.
            try await Task.sleep(for: .milliseconds(Int64.random(in: 0...bound)))
        }
    }

    func progress(_ call: GrantedCall, _ usage: CallUsage) {
        var report = Ccorchestrator_V1_PermitReport()
        report.call = call.number
        report.stage = .goesOn
        report.add(usage)
        tell(report)
    }

    func ended(_ call: GrantedCall, _ end: CallEnd) {
        var report = Ccorchestrator_V1_PermitReport()
        report.call = call.number
        switch end {
        case .unsent: report.stage = .withdrawn
        case .sent(let news):
            report.stage = .ended
            report.status = UInt32(clamping: news.status ?? 0)
            report.isCut = news.isCut
            report.add(news.usage)
            report.sentMsAgo = UInt64(max(0, news.sentAgo.rawValue))
            if let after = news.retryAfter { report.retryAfterMs = UInt64(max(0, after.rawValue)) }
            report.errorType = String(news.errorType.prefix(Limits.nameBytes / 4))
            report.words = news.words.map(\.proto)
        }
        state.withLock { $0.open[call.number] = nil }
        tell(report)
    }

    /// The instance's time stands still while `work` waits.
    private func held<R: Sendable>(_ instance: String, _ work: () async throws -> R) async throws -> R {
        let id = InstanceID(instance)
        if let id { feed.yield(.callHeld(id)) }
        defer { if let id { feed.yield(.callReleased(id)) } }
        return try await work()
    }

    private func withdraw(_ number: UInt64) {
        let waiting = state.withLock { state -> Waiting? in
            guard let waiting = state.waiting.removeValue(forKey: number) else {
                // It was granted, or has not begun to wait.
                if state.open[number] == nil { state.cancelledEarly.insert(number) }
                return nil
            }
            if let place = state.unasked.firstIndex(of: number) {
                state.unasked.remove(at: place)
            } else {
                var report = Ccorchestrator_V1_PermitReport()
                report.call = number
                report.stage = .withdrawn
                state.reports.append(report)
            }
            return waiting
        }
        waiting?.continuation.resume(throwing: CancellationError())
        feed.yield(.permitsChanged)
    }

    private func tell(_ report: Ccorchestrator_V1_PermitReport) {
        state.withLock { $0.reports.append(report) }
        feed.yield(.permitsChanged)
    }

    private static func request(
        _ number: UInt64, _ call: MeteredCall, _ token: AttemptToken?
    ) -> Ccorchestrator_V1_PermitRequest {
        var request = Ccorchestrator_V1_PermitRequest()
        request.call = number
        if let token { request.token = token.proto }
        request.service = call.service
        request.endpoint = call.endpoint
        request.model = String(call.model.prefix(Limits.nameBytes / 4))
        request.bodyBytes = UInt64(max(0, call.bodyBytes))
        request.maxOutput = call.maxOutput
        request.scope = String(call.scope.prefix(Limits.nameBytes / 4))
        request.createsContent = call.createsContent
        return request
    }

    // MARK: The engine's side

    func turnBegan(_ id: InstanceID, _ token: AttemptToken) { state.withLock { $0.turns["\(id)"] = token } }

    func turnEnded(_ id: InstanceID) { state.withLock { $0.turns["\(id)"] = nil } }

    /// A coordinator welcomed this agent: it is told everything that it may not know.
    func sessionBegan() {
        state.withLock { state in
            state.unasked = state.waiting.keys.sorted()
            state.untold = state.open.keys.sorted()
            for place in state.unacknowledged.indices { state.unacknowledged[place].isSent = false }
        }
    }

    /// What is to be sent now.
    func outgoing(session: UInt64) -> [Ccorchestrator_V1_AgentMessage] {
        state.withLock { state in
            var messages: [Ccorchestrator_V1_AgentMessage] = []
            var requests: [Ccorchestrator_V1_PermitRequest] = []
            for number in state.untold {
                guard var request = state.open[number] else { continue }
                request.isOpen = true
                requests.append(request)
            }
            requests += state.unasked.compactMap { state.waiting[$0]?.request }
            state.untold = []
            state.unasked = []
            for part in requests.parts(of: Self.callsPerMessage) {
                var message = Ccorchestrator_V1_AgentMessage()
                message.permitRequests.session = session
                message.permitRequests.requests = part
                messages.append(message)
            }
            for part in state.reports.parts(of: Self.callsPerMessage) {
                state.unacknowledged.append((state.nextMessage, part, false))
                state.nextMessage += 1
            }
            state.reports = []
            for place in state.unacknowledged.indices where !state.unacknowledged[place].isSent {
                state.unacknowledged[place].isSent = true
                var message = Ccorchestrator_V1_AgentMessage()
                message.permitReports.session = session
                message.permitReports.number = state.unacknowledged[place].number
                message.permitReports.reports = state.unacknowledged[place].reports
                messages.append(message)
            }
            return messages
        }
    }

    func acknowledged(_ number: UInt64) {
        state.withLock { state in
            if let place = state.unacknowledged.firstIndex(where: { $0.number == number }) {
                state.unacknowledged.remove(at: place)
            }
        }
    }

    func answered(_ message: Ccorchestrator_V1_PermitAnswers) {
        for answer in message.answers {
            let waiting = state.withLock { state -> Waiting? in
                guard let waiting = state.waiting.removeValue(forKey: answer.call) else { return nil }
                if answer.refusal.isEmpty { state.open[answer.call] = waiting.request }
                return waiting
            }
            // One that waits no more was withdrawn: its report is on the way.
            guard let waiting else { continue }
            if answer.refusal.isEmpty {
                waiting.continuation.resume(returning: GrantedCall(number: answer.call))
            } else {
                waiting.continuation.resume(throwing: CallRefusal(answer.refusal))
            }
        }
    }

    /// Calls that wait or are open.
    var callCount: Int { state.withLock { $0.waiting.count + $0.open.count } }
}

extension InstanceID {
    /// Reads what ``description`` says.
    init?(_ text: String) {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let slot = Int(parts[0]), let generation = UInt64(parts[1]) else { return nil }
        self.init(slot: slot, generation: generation)
    }
}

extension Ccorchestrator_V1_PermitReport {
    fileprivate mutating func add(_ usage: CallUsage) {
        if let input = usage.input { inputTokens = input }
        if let output = usage.output { outputTokens = output }
        cacheReadTokens = usage.cacheRead
        cacheCreationTokens = usage.cacheCreation
    }
}

extension ServiceWord {
    fileprivate var proto: Ccorchestrator_V1_ServiceWord {
        var word = Ccorchestrator_V1_ServiceWord()
        word.limit = String(limit.prefix(Limits.nameBytes / 4))
        if let amount { word.amount = amount }
        if let remaining { word.remaining = remaining }
        word.roundedTo = roundedTo
        if let fullIn { word.fullInMs = UInt64(max(0, fullIn.rawValue)) }
        return word
    }
}

extension Array {
    fileprivate func parts(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
