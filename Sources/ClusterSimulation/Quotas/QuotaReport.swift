/// What came of worlds of quotas.
public struct QuotaReport: Sendable {
    /// Whether calls cost what the desk expected.
    public let costs: QuotaCosts
    /// Worlds.
    public var seeds = 0
    /// Calls that the desk let go.
    public var admissions = 0
    /// Calls that came to the service.
    public var arrivals = 0
    /// Calls that the service refused.
    public var refusals = 0
    /// Names of limits that refused, some of them.
    public var refused: [String] = []
    /// Calls that ended well.
    public var ended = 0
    /// Deaths of the coordinator, and its restarts.
    public var crashes = 0, restarts = 0
    /// Records that were begun; those under way at a crash that got to the disk, and that did not.
    public var records = 0, recordsKept = 0, recordsLost = 0
    /// Standstills of the coordinator; times in which its disk was slow.
    public var stalls = 0, slowDisks = 0
    /// Messages that came twice.
    public var duplicates = 0
    /// Calls that were not wanted any more, and that a new coordinator took up.
    public var withdrawals = 0, adoptions = 0
    /// Limits that answers told what was left of.
    public var words = 0
    /// Deaths of holders.
    public var holderDeaths = 0
    /// Of the binding limits: what flowed of what could have, in calls' worth; the least part in one world, in thousandths.
    public var used = 0.0, usable = 0.0, leastPermille = 1000
    /// Seed of that world.
    public var leastSeed: UInt64 = 0
    /// What bound in the world that used least.
    public var note = ""
    /// What must not be, with its seed.
    public var faults: [String] = []

    /// In so many worlds everything that can go wrong does.
    private static let enoughSeeds = 50

    /// None yet.
    public init(costs: QuotaCosts) { self.costs = costs }

    /// Adds another world's.
    public mutating func add(_ other: QuotaReport) {
        seeds += other.seeds
        admissions += other.admissions
        arrivals += other.arrivals
        refusals += other.refusals
        refused += other.refused.prefix(max(0, 20 - refused.count))
        ended += other.ended
        crashes += other.crashes
        restarts += other.restarts
        records += other.records
        recordsKept += other.recordsKept
        recordsLost += other.recordsLost
        stalls += other.stalls
        slowDisks += other.slowDisks
        duplicates += other.duplicates
        withdrawals += other.withdrawals
        adoptions += other.adoptions
        words += other.words
        holderDeaths += other.holderDeaths
        used += other.used
        usable += other.usable
        if other.leastPermille < leastPermille {
            (leastPermille, leastSeed, note) = (other.leastPermille, other.leastSeed, other.note)
        }
        faults += other.faults
    }

    /// The part of the binding limits that was used, in thousandths.
    public var usedPermille: Int { usable > 0 ? Int(used * 1000 / usable) : 0 }

    private var counts: [(String, Int)] {
        [
            ("admissions", admissions), ("arrivals", arrivals), ("ended", ended), ("crashes", crashes),
            ("restarts", restarts), ("records", records), ("records_kept", recordsKept), ("records_lost", recordsLost),
            ("stalls", stalls), ("slow_disks", slowDisks), ("duplicates", duplicates), ("withdrawals", withdrawals),
            ("adoptions", adoptions), ("holder_deaths", holderDeaths), ("words", words),
        ]
    }

    /// What must occur and did not, and bounds that are broken: never over with exact costs and at least 98 % used; at most one refusal in
    /// 10,000 and at least 95 % with log-normal ones.
    public var broken: [String] {
        var found = faults
        if seeds >= Self.enoughSeeds {
            found += counts.filter { $0.1 == 0 }.map { "\(costs.rawValue): \($0.0) never occurred" }
        }
        let least = costs == .exact ? 980 : 950
        if usable > 0, usedPermille < least {
            found.append(
                "\(costs.rawValue): \(usedPermille) thousandths were used, the least by seed \(leastSeed): \(note)")
        }
        if refusals > (costs == .exact ? 0 : arrivals / 10_000) {
            found.append("\(costs.rawValue): \(refusals) refusals in \(arrivals) calls, of \(refused)")
        }
        return found
    }

    /// One object, its keys always the same.
    public var json: String {
        let pairs =
            [("seeds", seeds)] + counts + [
                ("refusals", refusals), ("used_permille", usedPermille), ("least_used_permille", leastPermille),
                ("least_used_seed", Int(leastSeed)),
            ]
        return "{" + pairs.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}

/// Runs one world until so many calls were let go.
public func simulateQuotas(seed: UInt64, costs: QuotaCosts, admissions: Int) -> QuotaReport {
    var world = QuotaWorld(QuotaScenario(seed: seed, costs: costs, admissions: admissions))
    return world.run()
}
