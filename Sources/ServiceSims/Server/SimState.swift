import Foundation
import Synchronization

/// Everything that calls share: the ledger, the limits, how often each prompt was drawn, the hold. One lock, taken for
/// moments; whoever waits does so outside it.
final class SimState: Sendable {
    /// The most prompts whose draws are counted; beyond it the oldest begin again.
    static let mostCounts = 400_000

    private struct CountKey: Hashable, Sendable {
        let prompt: String
        let round: Int
    }

    private struct Inner: Sendable {
        var ledger = CallLedger()
        var gate: LimitGate
        var counts = BoundedTable<CountKey, Int>(limit: SimState.mostCounts)
        var bodies = BodyKeeper()
        var held = false
        var requestNumber = 0
    }

    /// What was decided for a call, and the limits' headers as of then.
    struct Decision: Sendable {
        let plan: AnswerPlan
        let limitHeaders: [(name: String, value: String)]
    }

    let configuration: AnthropicSimConfiguration
    private let inner: Mutex<Inner>
    private let holding = Waiters()
    private let watching = Waiters()
    private let start = ContinuousClock.now

    init(configuration: AnthropicSimConfiguration) {
        self.configuration = configuration
        self.inner = Mutex(Inner(gate: LimitGate(limits: configuration.limits, now: 0)))
    }

    /// Nanoseconds since the start.
    private var now: Int64 {
        let elapsed = (ContinuousClock.now - start).components
        return elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    }

    private func change<R: Sendable>(_ body: (inout Inner, Int64) -> R) -> R {
        let now = now
        let result = inner.withLock { body(&$0, now) }
        watching.wakeAll()
        return result
    }

    /// A number for the next request, for its ids.
    func nextRequestNumber() -> Int {
        inner.withLock {
            $0.requestNumber += 1
            return $0.requestNumber
        }
    }

    func arrived(_ arrival: CallLedger.Arrival, body: Data) -> Int {
        change { inner, now in
            inner.bodies.keep(body)
            return inner.ledger.arrived(arrival, now: now)
        }
    }

    /// Plans a call's answer. A planned failure costs nothing; an answer must pass the limits, and a refusal by them
    /// does not count as a draw, so that what a prompt gets does not hang on how crowded it was.
    func decide(turn: Turn, schema: JSONValue?, inputTokens: Int) -> Decision {
        let planner = AnswerPlanner(configuration: configuration)
        let key = CountKey(prompt: turn.prompt, round: turn.round)
        let wall = Date().timeIntervalSince1970
        return change { inner, now in
            // Planned under the lock, or two calls with one prompt could share a count.
            let plan = planner.plan(turn: turn, schema: schema, count: inner.counts[key] ?? 0)
            if case .answer = plan.outcome, let refusal = inner.gate.admit(inputTokens: inputTokens, now: now) {
                return Decision(
                    plan: AnswerPlan(outcome: .error(refusal.error)),
                    limitHeaders: inner.gate.headers(now: now, wallSeconds: wall))
            }
            inner.counts.update(key, initial: 0) { $0 += 1 }
            return Decision(plan: plan, limitHeaders: inner.gate.headers(now: now, wallSeconds: wall))
        }
    }

    func produced(_ outputTokens: Int) {
        guard outputTokens > 0 else { return }
        change { inner, now in inner.gate.produced(outputTokens, now: now) }
    }

    func ended(_ call: Int, _ outcome: CallLedger.Outcome) {
        change { inner, _ in inner.ledger.ended(call, outcome) }
    }

    func countedTokens() { change { inner, _ in inner.ledger.countedTokens() } }

    var isHeld: Bool { inner.withLock { $0.held } }

    func setHeld(_ held: Bool) {
        change { inner, _ in inner.held = held }
        if !held { holding.wakeAll() }
    }

    /// Returns when calls are not held back. Throws `CancellationError`.
    func waitWhileHeld() async throws { try await holding.wait { !self.isHeld } }

    /// Returns the figures as soon as they satisfy `condition`. Throws `CancellationError`.
    func waitUntil(_ condition: @Sendable (SimStats) -> Bool) async throws -> SimStats {
        try await watching.wait { condition(self.stats()) }
        return stats()
    }

    func stats() -> SimStats {
        let now = now
        return inner.withLock { inner in
            var stats = inner.ledger.snapshot()
            stats.limits = inner.gate.stats(now: now)
            stats.inputTokens = inner.gate.used(.inputTokens)
            stats.outputTokens = inner.gate.used(.outputTokens)
            stats.held = inner.held
            return stats
        }
    }

    func prompts() -> [PromptRecord] { inner.withLock { $0.ledger.promptRecords } }

    func bodies() -> (kept: [Data], total: Int, cut: Int) {
        inner.withLock { ($0.bodies.kept, $0.bodies.total, $0.bodies.cut) }
    }

    /// Forgets all that was counted, fills the buckets, releases held calls. Calls that are open go on and are no
    /// longer counted.
    func reset() {
        change { inner, now in
            inner.ledger = inner.ledger.successor()
            inner.gate = LimitGate(limits: self.configuration.limits, now: now)
            inner.counts = BoundedTable(limit: Self.mostCounts)
            inner.bodies = BodyKeeper()
            inner.held = false
        }
        holding.wakeAll()
    }
}

extension LimitGate.Refusal {
    /// The refusal as the API words it.
    var error: APIError {
        let unit = kind == .requests ? "requests" : kind.rawValue.replacingOccurrences(of: "-", with: " ")
        return APIError(
            429, "This request would exceed the rate limit of \(limitPerMinute) \(unit) per minute.",
            retryAfterSeconds: max(1, retryAfterSeconds))
    }
}
