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
    /// Of a learned limit: since the service last named it.
    public var learned: Milliseconds?
}

/// How well calls of one model are foretold.
public struct EstimateView: Hashable, Sendable {
    /// Service and model.
    public var key: String
    /// Calls it was learned from, and how far off it was.
    public var score: EstimateScore
    /// Tokens that are taken ahead for an answer.
    public var output: Int64
    /// Since the last call that it was learned from.
    public var age: Milliseconds?
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

    /// The same, with how long ago it was learned.
    public func estimates(at now: Instant) -> [EstimateView] {
        estimates.map { view in
            var view = view
            view.age = estimator.learned[view.key].map { max(0, now.milliseconds(since: $0.at)) }
            return view
        }
    }

    /// Of a limit on each of many things: the one that has the least left, and all that wait together.
    private func view(_ place: Int, at now: Instant) -> (view: BucketView, bucket: BucketIndex)? {
        let views = keepers(of: place).compactMap { bucket in
            book.view(of: bucket, at: now).map { (view: $0, bucket: bucket) }
        }
        guard var found = views.min(by: { $0.view.remaining < $1.view.remaining }) else {
            return book.view(of: BucketIndex(place), at: now).map { ($0, BucketIndex(place)) }
        }
        guard found.bucket != BucketIndex(place) else { return found }
        if let awaited = views.first(where: { $0.view.waiting > 0 }) { found.bucket = awaited.bucket }
        found.view.name = signs[place].written.name
        found.view.waiting = views.reduce(0) { $0 + $1.view.waiting }
        found.view.refusals = views.reduce(0) { $0 + $1.view.refusals }
        found.view.parkedUntil = views.compactMap(\.view.parkedUntil).max()
        return found
    }

    private func standing(_ place: Int, at now: Instant) -> QuotaStanding? {
        guard let (view, bucket) = view(place, at: now) else { return nil }
        let service = services[signs[place].name.service]
        let isServices = service?.concurrency == BucketIndex(place)
        let first = view.waiting > 0 ? book.waiting(for: bucket, most: Self.tasksNamed) : []
        var found = QuotaStanding(
            view: view, limit: signs[place].written, origin: signs[place].origin, narrowedTo: nil,
            overloads: isServices ? service?.overloads ?? 0 : 0, openCalls: isServices ? service?.open ?? 0 : 0,
            waitingTasks: first.compactMap { keys[$0].flatMap { calls[$0]?.wish.task } }, explanation: "")
        if isServices, let service, service.lastOverload != nil, service.congestion.allowed < service.congestion.most {
            found.narrowedTo = service.congestion.allowed
        }
        if signs[place].origin == .learned {
            found.learned = signs[place].learnedAt.map { max(0, now.milliseconds(since: $0)) }
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
