import ClusterModel

extension CallDesk {
    /// The longest that a bucket is parked for by one answer: a window of a plan may last a week.
    static let longestPark = Milliseconds(8 * 86_400_000)
    /// The gateway's own word for a call whose caller went away.
    static let callerLeft = "caller_left"
    /// Added to what a service asks to wait: its clock and ours differ in how they round.
    static let parkMargin = Milliseconds(250)

    /// What came of a call so far. False: it is not known here, and nothing changed.
    @discardableResult
    public mutating func take(_ news: CallNews, of number: UInt64, holder: UInt64, at now: Instant) -> Bool {
        let key = Key(holder: holder, number: number)
        guard let call = calls[key] else { return false }
        let news = news.sane
        changedSinceRecord = true
        switch news.stage {
        case .goesOn: goesOn(key, call, news, at: now)
        case .withdrawn:
            if call.isOpen { book.handBack(call.permit, at: now) } else { book.cancelWaiting(call.permit) }
            forget(key, call)
            advance(to: now)
        case .ended:
            // It was made although it waits here: the coordinator of before granted it, and recorded what it took as spent.
            if !call.isOpen { book.cancelWaiting(call.permit) }
            ended(key, call, news, at: now)
            advance(to: now)
        }
        return true
    }

    mutating func forget(_ key: Key, _ call: Call) {
        calls[key] = nil
        keys[call.permit] = nil
        if call.isOpen { services[call.wish.service]?.open -= 1 }
    }

    private mutating func goesOn(_ key: Key, _ call: Call, _ news: CallNews, at now: Instant) {
        guard call.isOpen else { return }
        // More than was taken for it is taken at once; less output may still become more.
        let input = news.input ?? call.estimatedInput
        let output = max(call.estimatedOutput, news.output ?? 0)
        let soFar = zip(call.draws, costs(call.draws, (input, output))).filter { $0.0.kind.isTokens }.map(\.1)
        if !soFar.isEmpty { book.amend(call.permit, soFar: soFar, at: now) }
        // After it: what this call itself reads, the service has counted when it answers.
        if call.head == nil { calls[key]?.head = (now, call.draws.map { book.spentInAll($0.bucket) }) }
        advance(to: now)
    }

    private mutating func ended(_ key: Key, _ call: Call, _ news: CallNews, at now: Instant) {
        let wasRefused = isRefusal(news, service: call.wish.service)
        let tokens: (input: Int64, output: Int64)
        if wasRefused {
            tokens = (0, 0)
        } else if (200..<300).contains(news.status) {
            tokens = (news.input ?? call.estimatedInput, news.output ?? call.estimatedOutput)
        } else {
            // What an answer that failed has cost, nobody says: its input may have counted, and nothing was written but what was seen.
            tokens = (news.input ?? call.estimatedInput, news.output ?? 0)
        }
        let actual = costs(call.draws, tokens)
        book.settle(call.permit, actual: call.isAdopted ? [] : actual, at: now)
        noteSpend(call, actual)
        let head = call.head ?? (now, call.draws.map { book.spentInAll($0.bucket) })
        forget(key, call)
        learn(call, news, at: now)
        for word in news.words { heed(word, call, head: head, at: now) }
        if wasRefused { park(call, news, at: now) } else { narrowMargins(call, at: now) }
        judge(call, news, wasRefused: wasRefused, at: now)
    }

    /// GitHub refuses with 403, too, and says so by what stands beside it.
    private func isRefusal(_ news: CallNews, service: String) -> Bool {
        if news.status == 429 { return true }
        guard news.status == 403, service != "claude" else { return false }
        return news.retryAfter != nil || news.words.contains { $0.remaining == 0 }
    }

    private mutating func learn(_ call: Call, _ news: CallNews, at now: Instant) {
        guard (200..<300).contains(news.status), !news.isCut, let input = news.input, let output = news.output,
            call.wish.endpoint == "messages"
        else { return }
        let names = Self.estimateKeys(call.wish)
        let counted = Self.counted(call.wish)
        estimator.learn(names.own, counted: counted, input: input, output: output, at: now)
        if names.model != names.own {
            estimator.learn(names.model, counted: counted, input: input, output: output, at: now)
        }
        if scores[names.model] == nil {
            guard scored.count < QuotaLimits.estimatorKeys else { return }
            scored.append(names.model)
        }
        scores[names.model, default: EstimateScore()].add(
            estimatedInput: call.estimatedInput, input: input, estimatedOutput: call.estimatedOutput, output: output)
    }

    // MARK: Refusals and overload

    /// Nothing goes where the service said to wait: from the limit that it named, else from the whole service.
    private mutating func park(_ call: Call, _ news: CallNews, at now: Instant) {
        let name = call.wish.service
        guard let service = services[name] else { return }
        let empty = news.words.filter { word in word.remaining.map { $0 <= word.roundedTo / 2 } ?? false }
        let named = named(by: empty, call, isTimed: news.retryAfter != nil, at: now)
        let length: Milliseconds
        if let asked = news.retryAfter {
            services[name]?.silentRefusals = 0
            length = min(asked, Self.longestPark) + Self.parkMargin
        } else if let reset = empty.compactMap(\.fullIn).max() {
            services[name]?.silentRefusals = 0
            length = min(reset, Self.longestPark) + Self.parkMargin
        } else if let until = service.silentUntil, now < until {
            length = until.milliseconds(since: now)
        } else {
            services[name]?.silentRefusals += 1
            // GitHub's rule for a refusal that says nothing: a minute, then double it. The same serves a spend limit.
            let first: Int64 = name == "claude" ? 1000 : 60_000
            let doublings = min(service.silentRefusals, 10)
            length = min(Milliseconds(first << Int64(doublings)), .seconds(600))
            services[name]?.silentUntil = now + length
        }
        for bucket in named.isEmpty ? [service.concurrency] : named { book.park(bucket, until: now + length) }
        // We had it to spend, and the service had not: somebody else takes from it.
        let rates = named.isEmpty ? call.draws.filter { $0.kind == .requests }.map(\.bucket) : named
        for bucket in rates { widenMargin(bucket, at: now) }
    }

    /// The buckets whose limits the answer names as used up; none: it names none, or none that anybody knows.
    private mutating func named(
        by empty: [LimitWord], _ call: Call, isTimed: Bool, at now: Instant
    ) -> [BucketIndex] {
        let named = call.draws.filter { draw in empty.contains { $0.limit == draw.kind.rawValue } }.map(\.bucket)
        guard named.isEmpty else { return named }
        if empty.contains(where: { $0.limit == BucketName.Kind.issueWrites.rawValue }), !call.wish.scope.isEmpty,
            let issue = openShard(of: .issueWrites, for: call.wish, at: now)
        {
            return [issue]
        }
        // GitHub blocks "content creation" apart from all else, and says so in words alone.
        guard empty.isEmpty, isTimed, call.wish.createsContent else { return [] }
        return call.draws.filter { $0.kind == .content || $0.kind == .contentLong }.map(\.bucket)
    }

    private mutating func widenMargin(_ bucket: BucketIndex, at now: Instant) {
        guard let burst = book.limit(of: bucket)?.burst else { return }
        // Calls that were under way together are refused together: one event.
        if let last = signs[bucket.place].marginChanged, now.milliseconds(since: last) < .seconds(1) { return }
        signs[bucket.place].marginChanged = now
        book.keep(margin: book.margin(of: bucket) + max(1, burst / 8), in: bucket)
    }

    /// What no refusal asked for lately is given back, an eighth of the burst a minute.
    private mutating func narrowMargins(_ call: Call, at now: Instant) {
        for draw in call.draws {
            let margin = book.margin(of: draw.bucket)
            guard margin > 0, let last = signs[draw.bucket.place].marginChanged,
                now.milliseconds(since: last) >= Self.marginKept, let burst = book.limit(of: draw.bucket)?.burst
            else { continue }
            signs[draw.bucket.place].marginChanged = now
            book.keep(margin: margin - max(1, burst / 8), in: draw.bucket)
        }
    }

    /// Fewer calls at once while a service can't serve them.
    private mutating func judge(_ call: Call, _ news: CallNews, wasRefused: Bool, at now: Instant) {
        guard var service = services[call.wish.service], call.draws.contains(where: { $0.kind == .concurrency }) else {
            return
        }
        // Its caller left it: that says nothing of the service.
        guard news.errorType != Self.callerLeft else { return }
        let isOverload =
            !wasRefused
            && (news.status >= 500 || news.status == 0 || news.isCut
                || news.errorType == "overloaded_error")
        if isOverload {
            service.overloads += 1
            service.lastOverload = now
            service.congestion.overloaded(at: now, inFlight: service.open + 1)
        } else if !wasRefused, let last = service.lastOverload {
            service.congestion.succeeded(at: now)
            if now.milliseconds(since: last) >= Self.overloadForgotten {
                service.lastOverload = nil
                service.congestion.open()
            }
        }
        if (200..<300).contains(news.status) { service.silentRefusals = 0 }
        services[call.wish.service] = service
        let isNarrow = service.lastOverload != nil && service.congestion.allowed < service.congestion.most
        book.narrow(service.concurrency, to: isNarrow ? service.congestion.allowed : nil)
    }

    // MARK: What services say of their limits

    /// A word may only lower a level, and only beyond its rounding. What was taken since the answer began, the service did not know of.
    private mutating func heed(
        _ word: LimitWord, _ call: Call, head: (at: Instant, spent: [Int64]), at now: Instant
    ) {
        guard let kind = BucketName.Kind(rawValue: word.limit), kind != .concurrency else { return }
        if !call.draws.contains(where: { $0.kind == kind && isOwn($0.bucket, call) }) {
            learn(word, kind, call, at: now)
        }
        for place in signs.indices where !signs[place].isGone && isOwn(BucketIndex(place), call) {
            let index = BucketIndex(place)
            guard signs[place].name.service == call.wish.service, signs[place].name.kind == kind,
                let at = call.draws.firstIndex(where: { $0.bucket == index })
            else { continue }
            signs[place].told = word.amount ?? signs[place].told
            if signs[place].origin == .learned { relearn(place, word, at: now) }
            if word.amount != nil, signs[place].origin == .learned { noteLearned(place, at: now) }
            guard let remaining = word.remaining else { continue }
            let since = book.spentInAll(index) &- head.spent[at]
            // Settling gave back what was estimated too high: that was no spending since.
            book.lower(
                index, to: remaining + word.roundedTo / 2, asOf: head.at, spentSince: max(0, since), at: now)
        }
    }

    /// Whether a bucket is of the call's own models: a model that has no class here draws from the strictest, of which its service's words
    /// say nothing.
    private func isOwn(_ bucket: BucketIndex, _ call: Call) -> Bool {
        signs[bucket.place].name.modelClass.map { call.wish.model.contains($0) } ?? true
    }

    /// A limit that nobody set holds from now on, for the models of this class.
    private mutating func learn(_ word: LimitWord, _ kind: BucketName.Kind, _ call: Call, at now: Instant) {
        guard call.wish.service == "claude", [.requests, .inputTokens, .outputTokens].contains(kind),
            let limit = Self.limit(word, named: Self.learnedName(kind, call.wish.model))
        else { return }
        do throws(BucketLimitError) {
            let place = try add(limit, origin: .learned, configured: nil, at: now).place
            noteLearned(place, at: now)
            if let remaining = word.remaining {
                book.lower(BucketIndex(place), to: remaining, asOf: now, spentSince: 0, at: now)
            }
        } catch {
            // The desk is full of buckets, or one of this name was taken out of force: it stays so.
            return
        }
    }

    private mutating func relearn(_ place: Int, _ word: LimitWord, at now: Instant) {
        guard let limit = Self.limit(word, named: signs[place].written.name),
            limit.perMinute != signs[place].written.perMinute
        else { return }
        do throws(BucketLimitError) {
            try book.change(to: Self.guarded(limit), at: now)
            signs[place].written = limit
        } catch { return }
    }

    static func learnedName(_ kind: BucketName.Kind, _ model: String) -> String {
        let name = "claude.\(kind.rawValue)"
        return ModelClass.name(of: model).map { "\(name).\($0)" } ?? name
    }

    /// What the headers say of a limit: so much a minute, and at once what is left and what arrives until all is there. `reset` has whole
    /// seconds, rounded up, so a second less is sure.
    static func limit(_ word: LimitWord, named name: String) -> BucketLimit? {
        guard let amount = word.amount, amount > 0, amount <= QuotaLimits.amount else { return nil }
        var burst = amount
        if let remaining = word.remaining, let full = word.fullIn {
            let arriving = Int128(amount) * Int128(max(0, full.rawValue - 1000)) / 60_000
            burst = Int64(clamping: Int128(max(0, remaining - word.roundedTo / 2)) + arriving)
        }
        do throws(BucketLimitError) {
            return try BucketLimit(
                name: name,
                kind: .rate(amount: amount, window: .seconds(60), burst: min(max(1, burst), amount)))
        } catch { return nil }
    }
}
