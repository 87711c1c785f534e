import ClusterModel
import Quotas

/// A change of a limit that a user wants.
public enum QuotaChange: Hashable, Sendable {
    /// The limit as it is written, or the one in force where it is nil; the options go before what it says.
    case set(String, limit: String?, burst: Int64?, reserve: String?, isShadow: Bool?)
    /// Back to what the configuration says.
    case reset(String)
    case unpark(String)
}

/// Calls of instances to metered services: their permits are granted from memory, at once, by the ``CallDesk``.
extension CoordinatorCore {
    /// Takes up the limits of the configuration, what users changed since, and the levels of the last record. Before it, there are none.
    ///
    /// - Returns: names of changed limits that can't be read, and of levels whose buckets are gone.
    /// - Throws: for a limit of the configuration that can't be.
    @discardableResult
    public mutating func openDesk(
        limits: [BucketLimit], isDurable: Bool = true, recovered frame: RecoveredFrame = RecoveredFrame(),
        at now: Moment
    ) throws(BucketLimitError) -> [String] {
        var desk = try CallDesk(limits: limits, term: term, isDurable: isDurable, seed: term, at: now.instant)
        // Before what users set: a limit that somebody sets is learned no more.
        let set = Set(frame.quotaLimits.map(\.name))
        desk.recall(
            frame.quotaLessons.filter { $0.kind == .estimate || !set.contains($0.name) }, at: now.instant,
            wall: now.wall)
        var unused: [String] = []
        for changed in frame.quotaLimits {
            do throws(BucketLimitError) {
                _ = try desk.set(try BucketLimit(name: changed.name, parsing: changed.limit), at: now.instant)
            } catch { unused.append(changed.name) }
        }
        unused += desk.restore(frame.quotas, at: now.instant, wall: now.wall)
        _ = desk.takeNotices()
        self.desk = desk
        // Agents that are still there say what goes on before their leases are over.
        heldBeforeUntil = now.instant + configuration.lease + .seconds(2)
        return unused
    }

    /// An instance wants to make a call. `isOpen`: it was granted before, by this coordinator or the one before, and goes on.
    public mutating func callAsked(
        _ wish: CallWish, for token: AttemptToken?, isOpen: Bool, from index: AgentIndex, at now: Instant
    ) {
        var wish = wish
        if let token, token.store == storeID, let job = place(of: token.task.job),
            Int(token.task.index) < jobs[job].tasks.count
        {
            wish.kind = jobs[job].spec.name
            wish.priority = jobs[job].options[Int(jobs[job].tasks[Int(token.task.index)].options)].value.priority
            if let attempt = open[token.task.packed], attempt.attempt == token.attempt {
                wish.task = token.task.packed
                if !attempt.hasCalled, attempt.admission >= 0 {
                    open[token.task.packed]?.hasCalled = true
                    admissions[Int(attempt.admission)].calling += 1
                }
                if !isOpen, isKeptBack(wish, token, from: index, at: now) { return }
                noteCall(wish, token, from: index)
            }
        }
        if isOpen {
            desk?.adopt(wish, holder: Self.holder(index), at: now)
        } else {
            desk?.ask(wish, holder: Self.holder(index), at: now)
        }
    }

    /// What came of a call so far; of one that is not known, nothing.
    public mutating func callTold(_ news: CallNews, of number: UInt64, from index: AgentIndex, at now: Instant) {
        if budgetTold(news, of: number, from: index) { return }
        desk?.take(news, of: number, holder: Self.holder(index), at: now)
    }

    /// Grants what may go by now, and writes down what was spent when that is due. Called in every turn.
    public mutating func keepQuotas(at now: Moment) {
        guard desk != nil else { return }
        if let until = heldBeforeUntil, until <= now.instant {
            heldBeforeUntil = nil
            desk?.beforeEnded(at: now.instant)
        }
        releaseBudgetWaits(at: now.instant)
        desk?.advance(to: now.instant)
        if let lessons = desk?.lessonsIfDue(at: now.instant, wall: now.wall), !lessons.isEmpty {
            record(.quotaLessons(lessons))
        }
        if let snapshot = desk?.recordIfDue(at: now.instant, wall: now.wall) { record(.quotas(snapshot)) }
    }

    /// A record of what was spent is on disk.
    public mutating func quotasRecorded(_ number: UInt64, at now: Instant) { desk?.recorded(number, at: now) }

    /// What agents are to be told of their calls. It waits for nothing: grants come from memory.
    public mutating func takeCallNotices() -> [CallNotice] {
        desk?.hasNotices == true ? desk?.takeNotices() ?? [] : []
    }

    /// Whose calls these are.
    public static func agent(holding holder: UInt64) -> AgentIndex {
        AgentIndex(rawValue: Int32(truncatingIfNeeded: Int64(bitPattern: holder)))
    }

    static func holder(_ index: AgentIndex) -> UInt64 { UInt64(bitPattern: Int64(index.rawValue)) }

    /// What an agent's program had under way is over, or nobody will hear of it.
    mutating func callsEnded(of place: Int, at now: Instant) {
        forgetCalls(of: UInt64(bitPattern: Int64(place)))
        desk?.holderDied(UInt64(bitPattern: Int64(place)), at: now)
    }

    /// Every limit, as people see it.
    public func quotaStandings(at now: Instant) -> [QuotaStanding] { desk?.standings(at: now) ?? [] }

    /// Calls that were granted and have not ended, and calls that wait.
    public var callCounts: (open: Int, waiting: Int) { (desk?.openCalls ?? 0, desk?.waitingCalls ?? 0) }

    /// How well calls' costs are foretold.
    public func quotaEstimates(at now: Instant) -> [EstimateView] { desk?.estimates(at: now) ?? [] }

    /// Calls that CLIs repeated by themselves, of all agents that are known, by what had failed.
    public var apiRetries: [APIRetries] {
        var sums: [APIRetries] = []
        for told in agents.flatMap(\.apiRetries) {
            if let place = sums.firstIndex(where: { $0.error == told.error && $0.status == told.status }) {
                sums[place].count = sums[place].count.plus(told.count)
            } else {
                sums.append(told)
            }
        }
        return sums
    }

    /// Live agents without a gateway, by name: what their calls take is known only when their tasks have ended.
    public var unmeteredAgents: [String] {
        agents.filter { $0.isUnmetered && ($0.state == .live || $0.state == .suspect) }.map(\.name)
    }

    /// Of the grants that agents have not been told yet: those that were decided too long ago are decided again.
    public mutating func renewStaleGrants(at now: Instant) { desk?.renewStaleGrants(at: now) }

    /// A user changes a limit.
    public mutating func quotaChangeArrived(_ change: QuotaChange, reply handle: ReplyHandle, at now: Moment) {
        guard desk != nil else {
            return reply(handle, .refused(.unknownQuota, "this coordinator keeps no limits"))
        }
        do throws(BucketLimitError) {
            switch change {
            case .set(let name, let limit, let burst, let reserve, let isShadow):
                try set(name, limit, burst, reserve, isShadow, handle, at: now.instant)
            case .reset(let name):
                guard let done = try desk?.reset(name, at: now.instant) else { return noSuch(name, handle) }
                record(.quotaLimit(name: name, nil))
                reply(
                    handle, .quotaChanged(before: done.before?.description ?? "", after: done.after?.description ?? ""))
            case .unpark(let name):
                guard desk?.unpark(name, at: now.instant) == true else { return noSuch(name, handle) }
                let limit = desk?.limit(named: name)?.description ?? ""
                reply(handle, .quotaChanged(before: limit, after: limit))
            }
        } catch {
            reply(handle, .refused(.invalid, error.message))
        }
    }

    private mutating func noSuch(_ name: String, _ handle: ReplyHandle) {
        reply(
            handle,
            .refused(
                .unknownQuota,
                "there is no limit \(name.prefix(Limits.nameBytes)): see `ccctl quota` for those there are"))
    }

    private mutating func set(
        _ name: String, _ text: String?, _ burst: Int64?, _ reserve: String?, _ isShadow: Bool?, _ handle: ReplyHandle,
        at now: Instant
    ) throws(BucketLimitError) {
        let start: BucketLimit
        if let text {
            start = try BucketLimit(name: name, parsing: text)
        } else if let known = desk?.limit(named: name) {
            start = known
        } else {
            return noSuch(name, handle)
        }
        let part: Int64?
        if let reserve {
            part = try BucketLimit(name: name, parsing: "concurrency=1,reserve=\(reserve)").reservePerMille
        } else {
            part = nil
        }
        let limit = try start.changed(burst: burst, reservePerMille: part, isShadow: isShadow)
        try BucketName(parsing: name).check(limit)
        guard let done = try desk?.set(limit, at: now) else { return }
        record(.quotaLimit(name: name, limit))
        reply(handle, .quotaChanged(before: done.before?.description ?? "", after: done.after?.description ?? ""))
    }
}
