import ClusterModel

extension CallDesk {
    /// A limit was changed, made or taken out of force; before and after are as they are written.
    public struct Change: Hashable, Sendable {
        /// The bucket's name.
        public var name: String
        /// Nil: there was none.
        public var before: BucketLimit?
        /// Nil: there is none now.
        public var after: BucketLimit?
    }

    /// Puts a limit in force while calls go on. Throws a sentence when it can't be.
    public mutating func set(_ limit: BucketLimit, at now: Instant) throws(BucketLimitError) -> Change {
        guard let index = book.index(of: limit.name) else {
            try add(limit, origin: .live, configured: nil, at: now)
            advance(to: now)
            return Change(name: limit.name, before: nil, after: limit)
        }
        let place = index.place
        let before = isShown(place) ? signs[place].written : nil
        try book.change(to: Self.guarded(limit), at: now)
        if signs[place].origin == .open { book.awaitRecord(of: index) }
        signs[place].written = limit
        signs[place].origin = .live
        signs[place].isGone = false
        limitsChanged(place, at: now)
        advance(to: now)
        return Change(name: limit.name, before: before, after: limit)
    }

    /// Back to what the configuration says; one that it does not name is taken out of force. Nil: there is no such bucket.
    public mutating func reset(_ name: String, at now: Instant) throws(BucketLimitError) -> Change? {
        guard let index = book.index(of: name), isShown(index.place) else { return nil }
        let place = index.place
        let before = signs[place].written
        if let configured = signs[place].configured {
            try book.change(to: Self.guarded(configured), at: now)
            signs[place].written = configured
            signs[place].origin = .config
        } else if services[signs[place].name.service]?.concurrency == index {
            let open = try Self.openConcurrency(of: signs[place].name.service)
            try book.change(to: open, at: now)
            signs[place].written = open
            signs[place].origin = .open
        } else {
            signs[place].isGone = true
            // Calls that wait for it may go.
            try book.change(to: try Self.shadow(before), at: now)
        }
        limitsChanged(place, at: now)
        advance(to: now)
        return Change(name: name, before: before, after: isShown(place) ? signs[place].written : nil)
    }

    /// Ends a park early. False: there is no such bucket.
    public mutating func unpark(_ name: String, at now: Instant) -> Bool {
        guard let index = book.index(of: name), isShown(index.place) else { return false }
        book.unpark(index)
        for (key, bucket) in shards where key.template == index { book.unpark(bucket) }
        // A refusal that named no limit parked the whole service.
        if let service = services[signs[index.place].name.service] { book.unpark(service.concurrency) }
        advance(to: now)
        return true
    }

    /// The limit of that name as it was written; nil: there is none in force.
    public func limit(named name: String) -> BucketLimit? {
        guard let index = book.index(of: name), isShown(index.place) else { return nil }
        return signs[index.place].written
    }

    func isShown(_ place: Int) -> Bool { !signs[place].isGone && !signs[place].isShard }

    @discardableResult
    mutating func add(
        _ limit: BucketLimit, origin: QuotaOrigin, configured: BucketLimit?, at now: Instant
    ) throws(BucketLimitError) -> BucketIndex {
        let name = try BucketName(parsing: limit.name)
        let index = try book.add(
            Self.guarded(limit), isScoped: name.kind == .content || name.kind == .contentLong, at: now)
        signs.append(Sign(name: name, origin: origin, written: limit, configured: configured))
        plans = [:]
        changedSinceRecord = true
        if name.kind == .concurrency, name.modelClass == nil { try serve(name.service, at: now) }
        return index
    }

    private mutating func limitsChanged(_ place: Int, at now: Instant) {
        plans = [:]
        alignShards(of: place, at: now)
        changedSinceRecord = true
        let name = signs[place].name
        if name.kind == .concurrency, name.modelClass == nil {
            services[name.service]?.congestion.change(most: signs[place].written.burst)
        }
    }

    /// Makes sure that a service has a concurrency limit, which an overload can narrow.
    mutating func serve(_ name: String, at now: Instant) throws(BucketLimitError) {
        guard services[name] == nil else { return }
        let bucket = "\(name).concurrency"
        if let known = book.index(of: bucket) {
            services[name] = Service(
                congestion: Congestion(most: signs[known.place].written.burst, seed: seed), concurrency: known)
            return
        }
        guard services.count < QuotaLimits.services else {
            throw BucketLimitError(
                bucket, "there are \(services.count) services already, which is the most: name fewer")
        }
        let limit = try Self.openConcurrency(of: name)
        let parsed = try BucketName(parsing: bucket)
        let index = try book.add(limit, at: now)
        signs.append(Sign(name: parsed, origin: .open, written: limit, configured: nil))
        plans = [:]
        changedSinceRecord = true
        services[name] = Service(congestion: Congestion(most: limit.burst, seed: seed), concurrency: index)
    }

    private static func openConcurrency(of service: String) throws(BucketLimitError) -> BucketLimit {
        try BucketLimit(name: "\(service).concurrency", kind: .concurrency(most: openConcurrency))
    }

    private static func shadow(_ limit: BucketLimit) throws(BucketLimitError) -> BucketLimit {
        try BucketLimit(name: limit.name, kind: limit.kind, reservePerMille: 0, isShadow: true)
    }

    /// How long a call may take longer than another from its permit to the service, which counts it when it arrives.
    static let travelJitter: Int64 = 100

    /// The limit that is kept: its burst is less by what arrives in the time by which calls' travels differ, at least one. Two calls that
    /// left a tick apart may arrive closer than that; with the whole burst spent, the second would be one too many. A burst of one has
    /// nothing to give: there each call waits so much longer.
    static func guarded(_ limit: BucketLimit) -> BucketLimit {
        guard case .rate(let amount, let window, let burst) = limit.kind else { return limit }
        guard burst > 1 else { return stretched(limit, amount, window) }
        let unit = Int128(window.rawValue)
        let arriving = Int64(clamping: (Int128(amount) * Int128(travelJitter) + unit - 1) / unit)
        let less = max(1, min(burst / 2, arriving))
        do throws(BucketLimitError) {
            return try BucketLimit(
                name: limit.name, kind: .rate(amount: amount, window: window, burst: burst - less),
                reservePerMille: limit.reservePerMille, isShadow: limit.isShadow)
        } catch { return limit }
    }

    private static func stretched(_ limit: BucketLimit, _ amount: Int64, _ window: Milliseconds) -> BucketLimit {
        let length = Int128(window.rawValue) + Int128(amount) * Int128(travelJitter)
        do throws(BucketLimitError) {
            return try BucketLimit(
                name: limit.name,
                kind: .rate(
                    amount: amount, window: Milliseconds(min(Int64(clamping: length), QuotaLimits.window.rawValue)),
                    burst: 1),
                reservePerMille: limit.reservePerMille, isShadow: limit.isShadow)
        } catch { return limit }
    }
}

extension BucketLimit {
    /// Of a rate: so much a minute, rounded down; nil for a concurrency.
    public var perMinute: Int64? {
        guard case .rate(let amount, let window, _) = kind else { return nil }
        return Int64(clamping: Int128(amount) * 60_000 / Int128(window.rawValue))
    }
}

extension BucketName.Kind {
    /// Whether it counts tokens of models.
    var isTokens: Bool { self == .inputTokens || self == .outputTokens || self == .tokens }
}
