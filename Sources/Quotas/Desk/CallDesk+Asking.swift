import ClusterModel

extension CallDesk {
    /// Which calls draw from the same buckets.
    struct PlanKey: Hashable, Sendable {
        var service: String
        var endpoint: String
        var model: String
        var createsContent: Bool
    }

    /// Models and services that plans are kept for; beyond it they are made anew.
    private static let mostPlans = 4096

    /// Somebody wants to make a call. The answer comes with ``takeNotices()``, at once or later.
    public mutating func ask(_ wish: CallWish, holder: UInt64, at now: Instant) {
        let key = Key(holder: holder, number: wish.number)
        if let known = calls[key] {
            guard known.isOpen else { return }
            // Its grant was lost with a connection, perhaps long ago: what it took then is no leave for now. One that was told in this session is
            // with its holder, or will be: the holder asked before it came, and may have made its call meanwhile.
            if known.mayBeUnheard, let granted = known.grantedAt,
                now.milliseconds(since: granted) > Self.grantStaysGood
            {
                return askAnew(key, at: now)
            }
            return tellGranted(key, at: known.grantedAt)
        }
        do throws(BucketLimitError) { try serve(wish.service, at: now) } catch {
            return refuse(wish, holder: holder, error.message)
        }
        let draws = draws(for: wish, at: now)
        let estimates = estimates(for: wish)
        do throws(QuotaRefusal) {
            let answer = try book.ask(
                PermitRequest(holder: holder, priority: wish.priority, costs: costs(draws, estimates)), at: now)
            switch answer {
            case .granted(let id):
                note(id, key, wish, draws, estimates, at: now)
                opened(key, at: now)
                tellGranted(key, at: now)
            case .waits(let id): note(id, key, wish, draws, estimates, at: now)
            }
        } catch {
            refuse(wish, holder: holder, error.message)
        }
    }

    /// A call that was granted before a restart goes on: nothing is taken for it but what it holds of concurrency limits.
    public mutating func adopt(_ wish: CallWish, holder: UInt64, at now: Instant) {
        let key = Key(holder: holder, number: wish.number)
        if let known = calls[key] {
            // It was granted, and the news of it went both ways.
            if !known.isOpen, book.cancelWaiting(known.permit) {
                calls[key] = nil
                keys[known.permit] = nil
            } else {
                calls[key]?.mayBeUnheard = false
                return
            }
        }
        do throws(BucketLimitError) { try serve(wish.service, at: now) } catch { return }
        let draws = draws(for: wish, at: now)
        let request = PermitRequest(
            holder: holder, priority: wish.priority, costs: costs(draws, (input: 1, output: 1)))
        guard let id = book.adopt(request, at: now) else { return }
        note(id, key, wish, draws, estimates(for: wish), at: now)
        calls[key]?.isAdopted = true
        opened(key, at: now)
    }

    /// What a call will probably read and write, by what was learned of such calls.
    public func expected(_ wish: CallWish) -> (input: Int64, output: Int64) { estimates(for: wish) }

    /// Says to whoever asked that a call will never be made.
    public mutating func refuse(_ wish: CallWish, holder: UInt64, _ why: String) {
        notices.append(CallNotice(holder: holder, number: wish.number, answer: .refused(why)))
    }

    private mutating func note(
        _ id: PermitID, _ key: Key, _ wish: CallWish, _ draws: [Draw], _ estimates: (input: Int64, output: Int64),
        at now: Instant
    ) {
        calls[key] = Call(
            permit: id, isOpen: false, wish: wish, draws: draws, estimatedInput: estimates.input,
            estimatedOutput: estimates.output, askedAt: now)
        keys[id] = key
        if let task = wish.task, spends[task] == nil { spends[task] = TaskSpend() }
    }

    // MARK: Costs

    func costs(_ draws: [Draw], _ tokens: (input: Int64, output: Int64)) -> [PermitCost] {
        draws.map { draw in
            switch draw.kind {
            case .requests, .concurrency, .read, .write, .countTokens, .points, .content, .contentLong, .issueWrites,
                .issueWritesLong:
                PermitCost(draw.bucket, draw.amount)
            case .inputTokens: PermitCost(draw.bucket, tokens.input)
            case .outputTokens: PermitCost(draw.bucket, tokens.output)
            case .tokens: PermitCost(draw.bucket, tokens.input + tokens.output)
            }
        }
    }

    /// What is learned from: the model, and the kind of work where that is known already.
    static func estimateKeys(_ wish: CallWish) -> (own: String, model: String) {
        let model = "\(wish.service)/\(wish.model)"
        return (wish.kind.isEmpty ? model : "\(model)/\(wish.kind)", model)
    }

    /// Bytes of a body that make a token, before anything is learned: four, as the vendor's documentation has it for English.
    static func counted(_ wish: CallWish) -> Int64 { max(0, wish.bodyBytes) / 4 + 1 }

    func estimates(for wish: CallWish) -> (input: Int64, output: Int64) {
        guard wish.service == "claude", wish.endpoint == "messages" else { return (0, 0) }
        let keys = Self.estimateKeys(wish)
        let key = estimator.calls(keys.own) > 0 ? keys.own : keys.model
        let output = estimator.output(key, inFlight: services[wish.service]?.open ?? 0)
        return (
            estimator.input(key, counted: Self.counted(wish)),
            wish.mostOutput > 0 ? min(output, wish.mostOutput) : output
        )
    }

    // MARK: Plans

    /// The buckets that a call takes from, in their order.
    mutating func draws(for wish: CallWish, at now: Instant) -> [Draw] {
        let plan = plan(for: wish)
        guard !wish.scope.isEmpty, wish.service == BucketName.jira, wish.endpoint != Self.reading else { return plan }
        let own = [BucketName.Kind.issueWrites, .issueWritesLong].flatMap { kind in
            buckets(of: kind, service: wish.service, model: "").compactMap { bucket in
                shard(of: bucket, for: wish.scope, at: now).map { Draw(bucket: $0, kind: kind) }
            }
        }
        return own.isEmpty ? plan : (plan + own).sorted { $0.bucket < $1.bucket }
    }

    private mutating func plan(for wish: CallWish) -> [Draw] {
        let key = PlanKey(
            service: wish.service, endpoint: wish.endpoint, model: wish.model, createsContent: wish.createsContent)
        if let known = plans[key] { return known }
        let made = Self.kinds(of: wish).flatMap { kind in
            buckets(of: kind, service: wish.service, model: wish.model).map {
                Draw(
                    bucket: $0, kind: kind,
                    amount: kind == .points && wish.endpoint != Self.reading ? Self.pointsOfWrite : 1)
            }
        }.sorted { $0.bucket < $1.bucket }
        if plans.count >= Self.mostPlans { plans = [:] }
        plans[key] = made
        return made
    }

    /// The endpoint of calls that change nothing, of services other than Claude.
    static let reading = "read"
    /// GitHub: "most POST, PATCH, PUT, or DELETE requests" are 5 points, the others 1 (Rate limits for the REST API).
    static let pointsOfWrite: Int64 = 5

    private static func kinds(of wish: CallWish) -> [BucketName.Kind] {
        guard wish.service == "claude" else {
            let kinds: [BucketName.Kind] = [.requests, .concurrency, wish.endpoint == reading ? .read : .write]
            guard wish.service == BucketName.github else { return kinds }
            return kinds + [.points] + (wish.createsContent ? [.content, .contentLong] : [])
        }
        switch wish.endpoint {
        case "messages": return [.requests, .concurrency, .inputTokens, .outputTokens, .tokens]
        case "count_tokens": return [.countTokens, .concurrency]
        // Nothing is counted of it; but a refusal must hold it, too.
        default: return [.concurrency]
        }
    }

    /// Buckets of a kind that a model draws from: the one for all models, and that of its class. A model of no known class takes the
    /// strictest.
    func buckets(of kind: BucketName.Kind, service: String, model: String) -> [BucketIndex] {
        var found: [BucketIndex] = []
        var classes: [BucketIndex] = []
        var own: [BucketIndex] = []
        for place in signs.indices where !signs[place].isGone && !signs[place].isShard {
            let name = signs[place].name
            guard name.service == service, name.kind == kind else { continue }
            guard let wanted = name.modelClass else {
                found.append(BucketIndex(place))
                continue
            }
            classes.append(BucketIndex(place))
            if model.contains(wanted) { own.append(BucketIndex(place)) }
        }
        if own.isEmpty, let strictest = classes.min(by: { isStricter($0, than: $1) }) { own = [strictest] }
        return found + own
    }

    private func isStricter(_ a: BucketIndex, than b: BucketIndex) -> Bool {
        let (first, second) = (perMinute(a), perMinute(b))
        return first == second ? a < b : first < second
    }

    private func perMinute(_ bucket: BucketIndex) -> Int128 {
        guard let limit = book.limit(of: bucket) else { return .max }
        switch limit.kind {
        case .rate(let amount, let window, _): return Int128(amount) * 60_000 * 1000 / Int128(window.rawValue)
        case .concurrency(let most): return Int128(most)
        }
    }
}
