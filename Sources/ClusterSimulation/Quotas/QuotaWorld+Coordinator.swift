import ClusterModel
import Quotas

extension QuotaWorld {
    // MARK: The coordinator's clock

    /// What the coordinator reads: its boot's own origin, a little late at times, never backwards.
    mutating func deskTime() -> Instant {
        let late = draw.permille(800) ? draw.between(0, 200) : draw.between(0, QuotaScenario.mostLag)
        reading = max(reading, now + clockOffset - late)
        return Instant(nanoseconds: reading * 1000)
    }

    private var wall: WallTime { WallTime(milliseconds: 1_700_000_000_000 + now / 1000) }

    mutating func wake(at time: Micros) {
        let time = max(time, stalledUntil, now)
        if let turnAt, turnAt <= time { return }
        turnAt = time
        events.plan(.turn(life: life), at: time)
    }

    // MARK: Life and death

    mutating func starts() {
        life += 1
        stalledUntil = 0
        turnAt = nil
        endsBefore = false
        inbox = []
        diskFree = now
        clockOffset = draw.between(1_000_000, 1_000_000_000_000)
        reading = 0
        do throws(BucketLimitError) {
            var limits: [BucketLimit] = []
            for limit in scenario.limits { limits.append(try Self.told(limit)) }
            var opened = try CallDesk(
                limits: limits, term: UInt64(life), isDurable: true, seed: scenario.seed, at: deskTime())
            if life > 1 {
                report.restarts += 1
                opened.restore(disk, at: deskTime(), wall: wall)
                events.plan(.beforeEnds(life: life), at: now + .s(5))
            }
            desk = opened
        } catch { return fail("a limit was refused: \(error.message)") }
        meter.cool(until: now + .s(scenario.limits[scenario.binding].kind == .concurrency ? 10 : 5))
        lastGrant = now
        for slot in holders.indices {
            events.plan(.saysAgain(slot: slot, life: life), at: now + draw.between(0, .s(1)))
        }
        wake(at: now)
    }

    static func told(_ limit: WorldLimit) throws(BucketLimitError) -> BucketLimit {
        let kind: BucketLimit.Kind =
            limit.kind == .concurrency
            ? .concurrency(most: limit.amount)
            : .rate(amount: limit.amount, window: Milliseconds(limit.windowMilliseconds), burst: limit.burst)
        return try BucketLimit(name: limit.name, kind: kind, reservePerMille: limit.reservePerMille)
    }

    /// At any moment: what is on its way to the disk gets there or not, so does what is on its way to the holders.
    mutating func crash() {
        plan(.crash, every: scenario.crashEvery)
        guard desk != nil else { return }
        report.crashes += 1
        desk = nil
        inbox = []
        meter.stop()
        if let last = inFlight.last, draw.permille(500) {
            report.recordsKept += 1
            disk = last.records
        } else if !inFlight.isEmpty {
            report.recordsLost += 1
        }
        inFlight = []
        granted = []
        life += 1
        events.plan(.starts, at: now + draw.between(.ms(100), .s(8)))
    }

    // MARK: Turns

    mutating func turn() {
        guard let planned = turnAt, planned <= now else { return }
        if now < stalledUntil {
            turnAt = nil
            return wake(at: stalledUntil)
        }
        turnAt = nil
        let time = deskTime()
        let letters = inbox
        inbox = []
        for letter in letters { take(letter, at: time) }
        if endsBefore { desk?.beforeEnded(at: time) }
        endsBefore = false
        desk?.advance(to: time)
        release(at: time)
    }

    private mutating func take(_ letter: QuotaLetter, at time: Instant) {
        switch letter.text {
        case .ask(let wish): desk?.ask(wish, holder: letter.holder, at: time)
        case .adopt(let wish): desk?.adopt(wish, holder: letter.holder, at: time)
        case .news(let number, let news): desk?.take(news, of: number, holder: letter.holder, at: time)
        case .died: desk?.holderDied(letter.holder, at: time)
        }
    }

    /// What the turn decided goes out; the next turn is planned.
    private mutating func release(at time: Instant) {
        guard desk != nil else { return }
        let wall = wall
        if let snapshot = desk?.recordIfDue(at: time, wall: wall) {
            inFlight.append(snapshot)
            let takes = now < slowUntil ? draw.between(.ms(500), .s(3)) : draw.between(.ms(1), .ms(20))
            diskFree = max(diskFree, now) + takes
            report.records += 1
            events.plan(.written(life: life, snapshot), at: diskFree)
        }
        for notice in desk?.takeNotices() ?? [] { send(notice) }
        meter.step(to: now, isWaiting: (desk?.waitingCalls ?? 0) > 0)
        if now - lastGrant > Self.stuckAfter {
            let why = desk?.standings(at: time).map(\.explanation) ?? []
            return fail("nothing was granted for 10 minutes: \(why)")
        }
        if let next = desk?.nextDeadline {
            let due = (next.nanoseconds + 999) / 1000 - clockOffset
            wake(at: max(due, now + 1) + draw.between(0, 500))
        }
        if let next = desk?.nextRecord { wake(at: max((next.nanoseconds + 999) / 1000 - clockOffset, now + 1)) }
    }

    mutating func written(_ snapshot: QuotaSnapshot) {
        if now < stalledUntil { return events.plan(.written(life: life, snapshot), at: stalledUntil) }
        disk = snapshot.records
        inFlight.removeAll { $0.number <= snapshot.number }
        let time = deskTime()
        desk?.recorded(snapshot.number, at: time)
        release(at: time)
    }

    private mutating func send(_ notice: CallNotice) {
        guard case .granted = notice.answer else { return fail("a call was refused: \(notice.answer)") }
        let copies = draw.permille(30) ? 2 : 1
        report.duplicates += copies - 1
        for _ in 0..<copies {
            events.plan(
                .told(notice),
                at: now + draw.between(QuotaScenario.noticeTravel.lowerBound, QuotaScenario.noticeTravel.upperBound))
        }
        guard let slot = slots[notice.holder], let held = holders[slot].calls[notice.number],
            granted.insert(GrantKey(holder: notice.holder, number: notice.number, life: life)).inserted
        else { return }
        lastGrant = now
        report.admissions += 1
        meter.use(held.call, 1)
        if report.admissions >= scenario.admissions { isOver = true }
    }
}
