import ClusterModel
import Quotas

extension RandomCluster {
    /// Keeps eight requests waiting.
    mutating func topUp() {
        var tries = 0
        while waitingIDs.count < 8, tries < 8, wrong.isEmpty {
            tries += 1
            let request = drawRequest()
            do {
                switch try book.ask(request, at: now) {
                case .granted(let id): noteGrant(id, request)
                case .waits(let id):
                    waitingIDs.append(id)
                    waiting[id.serial] = Waiting(
                        priority: request.priority, buckets: mask(request), request: request)
                }
            } catch {
                wrong.append("a request was refused: \(error)")
            }
        }
    }

    private mutating func drawRequest() -> PermitRequest {
        let priority = Priority(rawValue: random.below(10)) ?? .normal
        var costs: [PermitCost] = []
        let size = Int64(random.below(1000))
        for (place, limit) in limits.enumerated() where isSaturated || costs.isEmpty || !random.oneIn(3) {
            if limit.isConcurrency {
                costs.append(PermitCost(indexes[place], min(most, Int64(1 + random.below(2)))))
            } else {
                // The same in all buckets when saturated; sometimes above the burst.
                let burst = isSaturated ? limits[0].burst : limit.burst
                let oversized = random.oneIn(isSaturated ? .max : 40)
                costs.append(
                    PermitCost(indexes[place], max(1, burst * size / (oversized ? 300 : isBursty ? 30_000 : 2000))))
            }
        }
        return PermitRequest(holder: UInt64(random.below(5)), priority: priority, costs: costs)
    }

    private func mask(_ request: PermitRequest) -> UInt64 {
        request.costs.reduce(0) { $0 | 1 << UInt64($1.bucket.rawValue) }
    }

    mutating func noteGranted(_ ids: [PermitID]) {
        var requests: [(PermitID, PermitRequest)] = []
        for id in ids {
            guard let known = waiting.removeValue(forKey: id.serial) else {
                wrong.append("permit \(id) was granted and did not wait")
                continue
            }
            waitingIDs.removeAll { $0 == id }
            requests.append((id, known.request))
        }
        for (id, request) in requests { noteGrant(id, request) }
        deadline = book.nextDeadline
        if let next = deadline, next <= now {
            wrong.append("after a look at the line somebody could still go: \(describe(next))")
        }
    }

    private func describe(_ next: Instant) -> String { "deadline \(next.nanoseconds), now \(clock)" }

    private mutating func noteGrant(_ id: PermitID, _ request: PermitRequest) {
        admissions += 1
        let buckets = mask(request)
        for other in waitingIDs {
            guard let ahead = waiting[other.serial], ahead.buckets & buckets != 0 else { continue }
            if ahead.priority > request.priority || (ahead.priority == request.priority && other.serial < id.serial) {
                wrong.append("permit \(id) overtook \(other)")
            }
        }
        var permit = Open(id: id, holder: request.holder, events: [], held: 0)
        for cost in request.costs {
            let place = Int(cost.bucket.rawValue)
            if parked[place] > time { wrong.append("permit \(id) was granted while \(limits[place].name) was parked") }
            if limits[place].isConcurrency {
                permit.held += cost.amount
                continue
            }
            let event = referees[place].granted(cost.amount, critical: request.priority == .critical, time: time)
            permit.events.append((place, event, cost.amount))
        }
        held += permit.held
        if held + heldFromBefore > most, permit.held > 0 {
            wrong.append("\(held + heldFromBefore) are held, and \(most) may be")
        }
        open.append(permit)
    }

    /// Ends some of the open permits, each in one of the ways.
    mutating func endSome() {
        let crowd = open.count > 40 || deadline == nil
        for _ in 0..<(crowd ? 6 : random.below(3)) where !open.isEmpty {
            let permit = open.swapRemove(random.below(open.count))
            held -= permit.held
            let way = isSaturated ? 9 : random.below(10)
            let actual = permit.events.map { event -> Int64 in
                switch way {
                case 0: 0
                case 1...4: Int64(random.below(Int(event.amount) + 1))
                // A crash may forget what a call cost beyond its estimate: the promise is about grants.
                case 5 where !isDurable: event.amount + Int64(random.below(Int(event.amount) + 1))
                default: event.amount
                }
            }
            if way < 5 { givenBack += 1 }
            let costs = zip(permit.events, actual).map { PermitCost(indexes[$0.place], $1) }
            let ended =
                way == 0 ? book.handBack(permit.id, at: now) : book.settle(permit.id, actual: costs, at: now)
            if !ended { wrong.append("permit \(permit.id) was not open") }
            for (event, spent) in zip(permit.events, actual) {
                referees[event.place].spent(event.event, spent, time: time)
            }
        }
    }

    /// Parks, headers, new limits, cancels, deaths, crashes.
    mutating func disturb() {
        if isBursty, random.oneIn(20) { return crash() }
        guard random.oneIn(isBursty ? 200 : 20) else { return }
        let place = random.below(limits.count)
        switch random.below(12) {
        case 0:
            let until = clock + Int64(random.below(3_000_000_000))
            parked[place] = max(parked[place], until - offset)
            book.park(indexes[place], until: Instant(nanoseconds: until))
        case 1:
            parked[place] = .min
            book.unpark(indexes[place])
        case 2, 3:
            let sent = Instant(nanoseconds: clock - Int64(random.below(1_000_000_000)))
            let remaining = Int64(random.below(Int(limits[place].burst) + 1))
            book.lower(indexes[place], to: remaining, asOf: sent, sentWith: open.last?.id, at: now)
        case 4, 5: changeLimit(place)
        case 6:
            guard let id = random.pick(waitingIDs) else { return }
            if !book.cancelWaiting(id) { wrong.append("permit \(id) did not wait") }
            waitingIDs.removeAll { $0 == id }
            waiting[id.serial] = nil
        case 7, 8: holderDies(UInt64(random.below(5)))
        default:
            if isDurable, random.oneIn(2) { crash() }
        }
    }

    private mutating func changeLimit(_ place: Int) {
        guard case .rate(_, let window, _) = limits[place].kind else { return }
        let amount = Int64(1 + random.below(1_000_000))
        let wanted = Int64(1 + random.below(random.oneIn(2) ? 20 : 100_000))
        let burst = drawBurst(wanted, amount: amount, window: window.rawValue)
        let kind = BucketLimit.Kind.rate(amount: amount, window: window, burst: burst)
        do {
            let reserve = limits[place].reservePerMille
            limits[place] = try BucketLimit(name: limits[place].name, kind: kind, reservePerMille: reserve)
            try book.change(to: limits[place], at: now)
            referees[place].limitChanged(amount: amount, burst: burst, time: time)
        } catch {
            wrong.append("a limit was refused: \(error)")
        }
    }

    private mutating func holderDies(_ holder: UInt64) {
        let mine = open.filter { $0.holder == holder }
        if book.holderDied(holder, at: now) != mine.count { wrong.append("a dead holder had \(mine.count) permits") }
        open.removeAll { $0.holder == holder }
        held -= mine.reduce(0) { $0 + $1.held }
        waitingIDs.removeAll { waiting[$0.serial]?.request.holder == holder }
        waiting = waiting.filter { $0.value.request.holder != holder }
    }

    /// Takes snapshots when they are due, and lets them reach the disk later, in order.
    mutating func write() {
        guard isDurable else { return }
        if book.needsRecord || random.oneIn(isBursty ? 10 : 50) {
            inFlight.append(book.snapshotAhead(at: now, wall: wall))
        }
        while !inFlight.isEmpty, isSaturated || (isBursty ? random.oneIn(6) : !random.oneIn(3)) {
            let written = inFlight.removeFirst()
            disk = written.records
            let isLatest = inFlight.isEmpty
            if book.recorded(written.number) != isLatest { wrong.append("snapshot \(written.number) was not expected") }
        }
    }

    /// The coordinator dies and comes back, perhaps after a reboot, with whatever had reached the disk.
    private mutating func crash() {
        crashes += 1
        for _ in 0..<random.below(inFlight.count + 1) { disk = inFlight.removeFirst().records }
        inFlight = []
        // Calls in flight go on, and end before anything else is granted that they could clash with.
        heldFromBefore += held
        isRestarted = true
        held = 0
        (open, waiting, waitingIDs) = ([], [:], [])
        time += Int64(random.below(random.oneIn(2) ? 1000 : 2_000_000_000))
        offset = random.oneIn(2) ? offset : Int64(random.below(1_000_000_000_000)) - time
        clock = time + offset
        term += 1
        book = QuotaBook(term: term, isDurable: true)
        let old = indexes
        indexes = []
        for limit in limits {
            if let index = try? book.add(limit, at: now) { indexes.append(index) }
        }
        if indexes != old { wrong.append("the buckets came back in another order") }
        let unknown = book.restore(disk, at: now, wall: wall)
        if !unknown.isEmpty { wrong.append("records of \(unknown) were not known") }
        for place in parked.indices where parked[place] > time {
            // Whether a park was on disk decides whether it still holds.
            let known = disk.first { $0.name == limits[place].name }?.parkedUntil
            if known == nil || known.map({ $0.milliseconds * 1_000_000 < parked[place] }) == true {
                parked[place] = .min
            }
        }
    }

    /// To the next deadline, a little, far, or backwards.
    mutating func moveClock() {
        if isRestarted, random.oneIn(10) {
            (heldFromBefore, isRestarted) = (0, false)
            for (place, limit) in limits.enumerated() where limit.isConcurrency {
                book.heldFromBeforeEnded(indexes[place])
            }
        }
        let next = deadline.map { max(clock, $0.nanoseconds) }
        if isSaturated {
            guard let next else { return }
            let fill = limits[0].kind.nanosecondsToFill
            clock = next + (random.oneIn(2) ? 0 : Int64(random.below(Int(min(fill / 300, 1 << 40)) + 1)))
        } else {
            if isBursty, random.oneIn(15) { clock += limits[0].kind.nanosecondsToFill }
            switch random.below(40) {
            case 0: clock -= Int64(random.below(1_000_000_000))
            case 1: clock += Int64(random.below(100_000_000_000))
            case 2 where random.oneIn(200): clock += 3 * 365 * 86_400_000_000_000 / 100
            case 3...6: clock += Int64(random.below(1_000_000))
            case 7...8: break
            default: clock = next ?? clock + Int64(random.below(10_000_000))
            }
        }
        time = max(time, clock - offset)
    }
}

extension BucketLimit.Kind {
    /// How long an empty bucket takes to fill.
    fileprivate var nanosecondsToFill: Int64 {
        guard case .rate(let amount, let window, let burst) = self else { return 0 }
        return Int64(clamping: Int128(burst) * Int128(window.rawValue) * 1_000_000 / Int128(amount))
    }
}

extension Array {
    fileprivate mutating func swapRemove(_ place: Int) -> Element {
        swapAt(place, count - 1)
        return removeLast()
    }
}
