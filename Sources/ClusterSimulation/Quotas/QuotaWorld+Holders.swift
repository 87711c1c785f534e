import ClusterModel
import Quotas

extension QuotaWorld {
    mutating func holderStarts(_ slot: Int) {
        holders[slot] = CallHolder(id: nextHolder, life: desk == nil ? -1 : life)
        slots[nextHolder] = slot
        nextHolder += 1
        for _ in 0..<scenario.depth { asksNew(slot) }
    }

    private mutating func asksNew(_ slot: Int) {
        let call = scenario.call(nextCall, &draw)
        nextCall += 1
        holders[slot].calls[call.number] = CallHolder.Held(call: call)
        say(slot, .ask(wish(call)))
        // Some are not wanted any more before they could go.
        if draw.permille(10) {
            report.withdrawals += 1
            forget(slot, call.number)
            say(slot, .news(call.number, CallNews(.withdrawn)))
            asksNew(slot)
        }
    }

    private mutating func forget(_ slot: Int, _ number: UInt64) {
        holders[slot].calls[number] = nil
        granted.remove(GrantKey(holder: holders[slot].id, number: number, life: life))
    }

    private func wish(_ call: WorldCall) -> CallWish {
        CallWish(
            number: call.number, service: "claude", endpoint: "messages", model: "claude-\(call.modelClass)-4-5",
            kind: "job", bodyBytes: call.bodyBytes, mostOutput: call.mostOutput,
            priority: Priority(rawValue: call.priority) ?? .normal)
    }

    /// In order, some of it twice; nothing while there is no connection.
    private mutating func say(_ slot: Int, _ text: QuotaLetter.Text) {
        guard holders[slot].life == life, desk != nil else { return }
        let at = max(holders[slot].lastArrival, now + draw.between(.ms(1), .ms(20)))
        holders[slot].lastArrival = at
        let letter = QuotaLetter(holder: holders[slot].id, text: text)
        events.plan(.arrives(life: life, letter), at: at)
        if draw.permille(30) {
            report.duplicates += 1
            events.plan(.arrives(life: life, letter), at: at)
        }
    }

    mutating func arrive(_ letter: QuotaLetter) { events.plan(.arrives(life: life, letter), at: now) }

    /// After a connection was lost: everything that is under way.
    mutating func saysAgain(_ slot: Int) {
        holders[slot].life = life
        for number in holders[slot].calls.keys.sorted() {
            guard let held = holders[slot].calls[number] else { continue }
            if held.state != .waits { report.adoptions += 1 }
            say(slot, held.state == .waits ? .ask(wish(held.call)) : .adopt(wish(held.call)))
        }
        plan(.saysAgain(slot: slot, life: life), every: scenario.crashEvery)
    }

    mutating func told(_ notice: CallNotice) {
        guard let slot = slots[notice.holder], let held = holders[slot].calls[notice.number], held.state == .waits
        else { return }
        if draw.permille(5) {
            report.withdrawals += 1
            forget(slot, notice.number)
            meter.use(held.call, -1)
            say(slot, .news(notice.number, CallNews(.withdrawn)))
        } else {
            holders[slot].calls[notice.number]?.state = .travels
            let way = draw.between(QuotaScenario.callTravel.lowerBound, QuotaScenario.callTravel.upperBound)
            events.plan(.reaches(holder: notice.holder, number: notice.number), at: now + way)
        }
        asksNew(slot)
    }

    mutating func reaches(_ holder: UInt64, _ number: UInt64) {
        guard let slot = slots[holder], let held = holders[slot].calls[number] else { return }
        report.arrivals += 1
        if let limit = service.arrives(held.call, at: now) {
            report.refusals += 1
            if report.refused.count < 20 { report.refused.append(scenario.limits[limit].name) }
            if scenario.costs == .exact {
                fail("\(scenario.limits[limit].name) refused a call of \(held.call.cost(scenario.limits[limit].kind))")
            }
            forget(slot, number)
            meter.use(held.call, -1)
            meter.cool(until: now + .s(3))
            return say(slot, .news(number, CallNews(.ended, status: 429, retryAfter: .seconds(1))))
        }
        holders[slot].calls[number]?.state = .runs
        events.plan(.goesOn(holder: holder, number: number, part: 0), at: now + draw.between(.ms(10), .ms(100)))
    }

    /// Part 0 is the answer's head; then it writes, in three parts.
    mutating func goesOn(_ holder: UInt64, _ number: UInt64, _ part: Int) {
        guard let slot = slots[holder], let held = holders[slot].calls[number] else { return }
        let isExact = scenario.costs == .exact
        if part > 0, !isExact {
            let more = part == 3 ? held.call.output - held.written : held.call.output / 3
            service.writes(more, held.call, at: now)
            holders[slot].calls[number]?.written += more
        }
        if part == 3 || (isExact && part == 1) {
            service.ends(held.call)
            forget(slot, number)
            report.ended += 1
            let news = CallNews(
                .ended, status: 200, input: held.call.input, output: isExact ? nil : held.call.output,
                words: held.words)
            return say(slot, .news(number, news))
        }
        if part == 0 {
            let said = words(held.call)
            holders[slot].calls[number]?.words = said
        }
        if !isExact || scenario.tellsLimits || draw.permille(200) {
            let news = CallNews(
                .goesOn, status: 200, input: held.call.input,
                output: isExact ? nil : holders[slot].calls[number]?.written)
            say(slot, .news(number, news))
        }
        events.plan(
            .goesOn(holder: holder, number: number, part: part + 1), at: now + held.call.lasts / (isExact ? 1 : 3))
    }

    /// What the answer's headers say of the limits that it has: of requests exactly, of tokens to the nearest thousand.
    private mutating func words(_ call: WorldCall) -> [LimitWord] {
        guard scenario.tellsLimits else { return [] }
        var found: [LimitWord] = []
        let mine = scenario.limits.indices.filter {
            scenario.limits[$0].kind != .concurrency && scenario.limits[$0].limits(call)
        }
        for place in mine {
            let limit = scenario.limits[place]
            // Of two limits of a kind the headers tell one, and nobody says which.
            guard mine.count(where: { scenario.limits[$0].kind == limit.kind }) == 1 else { continue }
            let left = service.remaining(place, at: now)
            let rounding: Int64 = limit.kind == .requests ? 1 : 1000
            found.append(
                LimitWord(
                    limit: limit.kind.rawValue, amount: limit.amount * 60_000 / limit.windowMilliseconds,
                    remaining: (left + rounding / 2) / rounding * rounding, roundedTo: rounding))
        }
        report.words += found.count
        return found
    }

    // MARK: Death of a holder

    mutating func holderDies(_ slot: Int) {
        plan(.holderDies(slot: slot), every: scenario.crashEvery * 3)
        report.holderDeaths += 1
        let id = holders[slot].id
        var running: Int64 = 0
        for held in holders[slot].calls.values where held.state != .waits {
            if held.state == .runs { service.ends(held.call) }
            running += 1
        }
        slots[id] = nil
        let lease = draw.between(.ms(500), .s(3))
        events.plan(.holderLost(id), at: now + lease)
        // Until the coordinator knows, its calls count as held, and those that wait may be granted.
        meter.cool(until: now + lease + .ms(500))
        holderStarts(slot)
        if holders[slot].life == life, desk != nil { saysAgainLater(slot) }
    }

    private mutating func saysAgainLater(_ slot: Int) {
        plan(.saysAgain(slot: slot, life: life), every: scenario.crashEvery)
    }
}
