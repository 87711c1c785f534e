import ClusterModel
import Collections

/// Where waiting tasks stand: each in the lane of its job, priority and requirement, each lane on a shelf while its job may start.
extension CoordinatorCore {
    /// The place of what these options ask of an agent; nil when there are too many different ones.
    mutating func kind(of options: TaskOptions) -> Int? {
        let requirement = Requirement(options)
        if let known = kindPlaces[requirement] { return known }
        guard kinds.count < Limits.requirementKinds else { return nil }
        let place = kinds.count
        kinds.append(requirement)
        classOfKind.append(admissionClass(requirement))
        kindPlaces[requirement] = place
        fits.append(agents.map { requirement.isMet(by: $0) })
        for level in shelves.indices { shelves[level].append(Heap()) }
        return place
    }

    /// An agent has come, or says other things of itself.
    mutating func matchAgent(_ place: Int) {
        for kind in kinds.indices {
            let isMet = kinds[kind].isMet(by: agents[place])
            if place < fits[kind].count { fits[kind][place] = isMet } else { fits[kind].append(isMet) }
        }
    }

    private mutating func lane(_ job: Int, row: Int) -> Int {
        let known = jobs[job].laneOfRow[row]
        if known >= 0 { return Int(known) }
        let priority = jobs[job].options[row].value.priority
        let kind = jobs[job].kinds[row]
        let place: Int
        if let same = jobs[job].lanes.first(where: { lanes[$0].priority == priority && lanes[$0].kind == kind }) {
            place = same
        } else {
            let lane = Lane(job: job, kind: kind, priority: priority, level: Int(priority.rawValue))
            if let free = freeLanes.popLast() {
                let stamp = lanes[free].stamp
                lanes[free] = lane
                lanes[free].stamp = stamp &+ 1
                place = free
            } else {
                place = lanes.count
                lanes.append(lane)
            }
            jobs[job].lanes.append(place)
            if !jobs[job].accounts.contains(where: { $0.priority == priority }) {
                jobs[job].accounts.append(Account(priority: priority))
            }
        }
        jobs[job].laneOfRow[row] = Int32(place)
        return place
    }

    mutating func freeLanes(of job: Int) {
        for place in jobs[job].lanes {
            unlist(place)
            lanes[place].queue = TaskQueue()
            lanes[place].isFree = true
            freeLanes.append(place)
        }
        jobs[job].lanes = []
    }

    mutating func enterLane(_ job: Int, _ index: Int) {
        let place = lane(job, row: Int(jobs[job].tasks[index].options))
        if lanes[place].queue.live == 0 { lanes[place].waitingSince = lastMoment }
        let isFirst = lanes[place].queue.insert(UInt32(index))
        guard jobs[job].mayStart else { return }
        if !lanes[place].isListed || isFirst { list(place) }
    }

    mutating func leaveLane(_ job: Int, _ index: Int) {
        let place = Int(jobs[job].laneOfRow[Int(jobs[job].tasks[index].options)])
        guard place >= 0 else { return }
        lanes[place].queue.left()
        if lanes[place].queue.live == 0 { unlist(place) }
    }

    /// The job may start now, or may no longer.
    mutating func relist(_ job: Int) {
        let mayStart = jobs[job].mayStart
        for place in jobs[job].lanes {
            if mayStart, lanes[place].queue.live > 0 {
                if !lanes[place].isListed { list(place) }
            } else {
                unlist(place)
            }
        }
    }

    func account(_ job: Int, _ priority: Priority) -> Int {
        jobs[job].accounts.firstIndex { $0.priority == priority } ?? 0
    }

    /// The first of a lane's tasks that is still queued there.
    mutating func front(_ place: Int) -> UInt32? {
        let job = lanes[place].job
        let row = Int32(place)
        // Taken out while it is looked through: the entries are judged by the rest of the core.
        var queue = TaskQueue()
        swap(&queue, &lanes[place].queue)
        let head = queue.front { index in
            let entry = jobs[job].tasks[Int(index)]
            return entry.state == .queued && jobs[job].laneOfRow[Int(entry.options)] == row
        }
        swap(&queue, &lanes[place].queue)
        return head
    }

    /// Puts a lane on its shelf, with what its job has used and the task that comes first now.
    mutating func list(_ place: Int) {
        guard let head = front(place) else { return unlist(place) }
        let job = lanes[place].job
        let account = account(job, lanes[place].priority)
        if !lanes[place].isListed {
            // Back from idleness: it starts where the others are, and has saved nothing up.
            if jobs[job].accounts[account].listed == 0 {
                jobs[job].accounts[account].pass = max(
                    jobs[job].accounts[account].pass, virtualTime[lanes[place].level])
            }
            jobs[job].accounts[account].listed += 1
            lanes[place].isListed = true
        }
        lanes[place].stamp &+= 1
        shelves[lanes[place].level][lanes[place].kind].insert(
            ShelfItem(
                pass: jobs[job].accounts[account].pass, job: jobs[job].id.rawValue, head: head, lane: Int32(place),
                stamp: lanes[place].stamp))
        tidy(shelf: lanes[place].level, lanes[place].kind)
    }

    mutating func unlist(_ place: Int) {
        guard lanes[place].isListed else { return }
        lanes[place].isListed = false
        lanes[place].stamp &+= 1
        let account = account(lanes[place].job, lanes[place].priority)
        jobs[lanes[place].job].accounts[account].listed -= 1
        lanes[place].level = Int(lanes[place].priority.rawValue)
    }

    /// The lane whose turn it is on one shelf. Entries that no longer tell the truth are mended or dropped on the way.
    mutating func first(onShelf level: Int, _ kind: Int) -> ShelfItem? {
        while let item = shelves[level][kind].min {
            let place = Int(item.lane)
            guard lanes[place].isListed, lanes[place].stamp == item.stamp else {
                shelves[level][kind].removeMin()
                continue
            }
            let job = lanes[place].job
            let pass = jobs[job].accounts[account(job, lanes[place].priority)].pass
            if pass == item.pass, front(place) == item.head { return item }
            shelves[level][kind].removeMin()
            list(place)
        }
        return nil
    }

    /// Entries of a shelf that no longer count, before they are swept out.
    static let staleEntriesAtMost = 1000

    private mutating func tidy(shelf level: Int, _ kind: Int) {
        guard shelves[level][kind].count > 2 * (lanes.count - freeLanes.count) + Self.staleEntriesAtMost else { return }
        let kept = shelves[level][kind].unordered.filter {
            lanes[Int($0.lane)].isListed && lanes[Int($0.lane)].stamp == $0.stamp
        }
        shelves[level][kind] = Heap(kept)
    }

    /// Charges a job, or gives it back what it was charged too much.
    mutating func charge(_ job: Int, _ priority: Priority, tokens: Int64) {
        guard tokens != 0, !jobs[job].accounts.isEmpty else { return }
        let account = account(job, priority)
        let amount = tokens.magnitude &* Account.unit / UInt64(max(1, jobs[job].spec.weight))
        if tokens > 0 {
            jobs[job].accounts[account].pass &+= amount
        } else {
            let pass = jobs[job].accounts[account].pass
            jobs[job].accounts[account].pass = pass > amount ? pass - amount : 0
            // What became less must be found earlier.
            for place in jobs[job].lanes where lanes[place].isListed && lanes[place].priority == priority {
                list(place)
            }
        }
    }

    /// What an attempt of this job will take, as far as is known: in tokens, 1 at least.
    func expectedTokens(_ job: Int) -> UInt64 {
        if jobs[job].tokensLearned > 0 { return jobs[job].tokensLearned }
        return tokensLearned > 0 ? tokensLearned : Self.tokensUnknown
    }

    /// What an attempt is charged while nothing has been learned: a short prompt's.
    static let tokensUnknown: UInt64 = 1000

    /// An attempt ended: its job pays what it took, and the next are charged the better for it.
    mutating func settle(_ job: Int, _ attempt: OpenAttempt, priority: Priority, tokens: UInt64) {
        let took = max(1, min(tokens, 1 << 40))
        charge(job, priority, tokens: Int64(took) - Int64(attempt.charged))
        jobs[job].tokensLearned = Self.learn(jobs[job].tokensLearned, took)
        tokensLearned = Self.learn(tokensLearned, took)
    }

    /// A moving average that weighs the newest by an eighth.
    private static func learn(_ known: UInt64, _ new: UInt64) -> UInt64 {
        known == 0 ? new : max(1, (known * 7 + new) / 8)
    }
}
