import ClusterModel

/// One limit, as people see it.
public struct QuotaStanding: Hashable, Sendable {
    /// Level, spending, parks.
    public var view: BucketView
    /// As it was written.
    public var limit: BucketLimit
    /// Who set it.
    public var origin: QuotaOrigin
    /// Calls at once, while the service is overloaded; nil: as many as the limit says.
    public var narrowedTo: Int64?
    /// Answers of 529 and 5xx and streams that broke, of the service; in its concurrency's row alone.
    public var overloads: UInt64
    /// Calls that are open, of the service; in its concurrency's row alone.
    public var openCalls: Int64
    /// Tasks of the first calls that wait, packed.
    public var waitingTasks: [UInt64]
    /// What holds its calls now, or that nothing does.
    public var explanation: String
}

/// How well calls of one model are foretold.
public struct EstimateView: Hashable, Sendable {
    /// Service and model.
    public var key: String
    /// Calls it was learned from, and how far off it was.
    public var score: EstimateScore
    /// Tokens that are taken ahead for an answer.
    public var output: Int64
}

extension CallDesk {
    /// Tasks named in a standing.
    private static let tasksNamed = 5

    /// Every limit in force, in the order in which they came; what nobody limits, only while it holds something.
    public func standings(at now: Instant) -> [QuotaStanding] {
        everyStanding(at: now).filter { found in
            let holds = found.narrowedTo != nil || found.view.parkedUntil != nil || found.view.waiting > 0
            return found.origin != .open || holds
        }
    }

    func everyStanding(at now: Instant) -> [QuotaStanding] {
        signs.indices.compactMap { isShown($0) ? standing($0, at: now) : nil }
    }

    /// How well what was learned fits, by model.
    public var estimates: [EstimateView] {
        scored.compactMap { key in
            scores[key].map { EstimateView(key: key, score: $0, output: estimator.output(key)) }
        }
    }

    private func standing(_ place: Int, at now: Instant) -> QuotaStanding? {
        guard let view = book.view(of: BucketIndex(place), at: now) else { return nil }
        let service = services[signs[place].name.service]
        let isServices = service?.concurrency == BucketIndex(place)
        let first = view.waiting > 0 ? book.waiting(for: BucketIndex(place), most: Self.tasksNamed) : []
        var found = QuotaStanding(
            view: view, limit: signs[place].written, origin: signs[place].origin, narrowedTo: nil,
            overloads: isServices ? service?.overloads ?? 0 : 0, openCalls: isServices ? service?.open ?? 0 : 0,
            waitingTasks: first.compactMap { keys[$0].flatMap { calls[$0]?.wish.task } }, explanation: "")
        if isServices, let service, service.lastOverload != nil, service.congestion.allowed < service.congestion.most {
            found.narrowedTo = service.congestion.allowed
        }
        found.explanation = explanation(found, place, first: first.first, at: now)
        return found
    }

    private func explanation(_ standing: QuotaStanding, _ place: Int, first: PermitID?, at now: Instant) -> String {
        var parts: [String] = []
        if let until = standing.view.parkedUntil {
            let left = max(0, until.milliseconds(since: now).rawValue + 999) / 1000
            parts.append("the service refused a call: nothing goes for \(left) s more")
        }
        if let narrowed = standing.narrowedTo {
            parts.append("the service is overloaded: \(narrowed) calls at once until it bears more")
        }
        if let first, let reason = book.whyWaits(first, at: now) {
            parts.append("\(standing.view.waiting) calls wait; the first \(reason.sentence)")
        } else if parts.isEmpty {
            parts.append("nothing waits for it")
        }
        if let told = signs[place].told, let mine = signs[place].written.perMinute, told < mine {
            parts.append("the service says its limit is \(told) a minute, which is less")
        }
        let margin = book.margin(of: BucketIndex(place))
        if margin > 0 { parts.append("\(margin) of it stay untouched, since somebody else takes from this limit too") }
        if standing.view.isShadow {
            parts.append("it only counts: \(standing.view.shadowOverruns) calls would have waited")
        }
        return parts.joined(separator: "; ")
    }

    /// Why a task's call waits; nil: none of its calls does.
    public func whyWaits(task: UInt64, at now: Instant) -> String? {
        guard book.waitingCount > 0 else { return nil }
        var oldest: (key: Key, permit: PermitID)?
        for (key, call) in calls where !call.isOpen && call.wish.task == task {
            if let known = oldest, (known.permit.serial, known.key.number) < (call.permit.serial, key.number) {
                continue
            }
            oldest = (key, call.permit)
        }
        return oldest.flatMap { book.whyWaits($0.permit, at: now)?.sentence }
    }
}
