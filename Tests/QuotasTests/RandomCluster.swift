import ClusterModel
import Quotas

/// A coordinator's quotas under random demand, clocks, ends, parks, limit changes and crashes, watched by referees.
struct RandomCluster {
    struct Waiting {
        var priority: Priority
        var buckets: UInt64
        var request: PermitRequest
    }

    struct Open {
        var id: PermitID
        var holder: UInt64
        /// Of each cost: the referee's bucket and event.
        var events: [(place: Int, event: Int, amount: Int64)]
        var held: Int64
    }

    let seed: UInt64
    let isSaturated: Bool
    let isDurable: Bool
    /// Lulls in which everything fills, then many small calls at once, and a crash among them: records are most needed
    /// then.
    let isBursty: Bool
    var random: SplitMix64
    var book: QuotaBook
    var limits: [BucketLimit] = []
    var referees: [SpendReferee] = []
    var indexes: [BucketIndex] = []
    /// Place of the concurrency bucket: behind the rates.
    var most: Int64 = 0
    var held: Int64 = 0
    var heldFromBefore: Int64 = 0
    /// A restart counts more as held than was, until it is told that all of it ended.
    var isRestarted = false
    var waiting: [UInt64: Waiting] = [:]
    var waitingIDs: [PermitID] = []
    var open: [Open] = []
    /// The book's clock, which may jump; `time` is the latest it has shown, as the true time since the start.
    var clock: Int64 = 0
    var time: Int64 = 0
    /// What a new boot's clock shows less the true time.
    var offset: Int64 = 0
    var term: UInt64 = 1
    var parked: [Int64]
    var disk: [QuotaRecord] = []
    var inFlight: [QuotaSnapshot] = []
    /// What the book said last.
    var deadline: Instant?
    var admissions = 0
    var crashes = 0
    var givenBack = 0
    var wrong: [String] = []

    init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        isSaturated = seed % 3 == 0
        isDurable = seed % 2 == 0
        isBursty = !isSaturated && seed % 4 == 2
        book = QuotaBook(term: 1, isDurable: isDurable)
        parked = []
        if isSaturated { drawSaturated() } else if isBursty { drawBursty() } else { drawLimits() }
        parked = limits.map { _ in .min }
        addBuckets()
    }

    /// One bucket binds; the others have at least as much of everything.
    private mutating func drawSaturated() {
        let amount = Int64(1 + random.below(100_000))
        let window = [1000, 60_000, 3_600_000, 7, 12_345][random.below(5)] as Int64
        let burst = Int64(1 + random.below(random.oneIn(2) ? 10 : 5000))
        let reserve = random.oneIn(2) ? 0 : Int64(random.below(400))
        for factor in 1...Int64(1 + random.below(3)) {
            append(amount: amount * factor, window: window, burst: burst * factor, reserve: factor == 1 ? reserve : 0)
        }
    }

    /// Little arrives and much is there, so that what was granted since the last record can't be made good by time.
    private mutating func drawBursty() {
        for _ in 0...random.below(2) {
            append(
                amount: Int64(1 + random.below(100)), window: 60_000, burst: Int64(50 + random.below(500)), reserve: 0)
        }
        drawConcurrency()
    }

    private mutating func drawLimits() {
        for _ in 0...random.below(3) {
            append(
                amount: Int64(1 + random.below(random.oneIn(2) ? 100 : 1_000_000)),
                window: [1000, 60_000, 3_600_000, 86_400_000, Int64(1 + random.below(100_000))][random.below(5)],
                burst: Int64(1 + random.below(random.oneIn(2) ? 20 : 100_000)),
                reserve: random.oneIn(2) ? 0 : Int64(random.below(1000)))
        }
        drawConcurrency()
    }

    private mutating func drawConcurrency() {
        if random.oneIn(2) {
            most = Int64(1 + random.below(12))
            if let limit = try? BucketLimit(name: "held", kind: .concurrency(most: most)) { limits.append(limit) }
        }
    }

    /// A burst that fills within two days: longer ones would run the clock out of its range.
    func drawBurst(_ wanted: Int64, amount: Int64, window: Int64) -> Int64 {
        min(wanted, 1 + Int64(clamping: Int128(amount) * 172_800_000 / Int128(window)))
    }

    private mutating func append(amount: Int64, window: Int64, burst: Int64, reserve: Int64) {
        let burst = drawBurst(burst, amount: amount, window: window)
        let kind = BucketLimit.Kind.rate(amount: amount, window: Milliseconds(window), burst: burst)
        guard let limit = try? BucketLimit(name: "rate\(limits.count)", kind: kind, reservePerMille: reserve) else {
            wrong.append("a limit was refused")
            return
        }
        limits.append(limit)
        referees.append(
            SpendReferee(amount: amount, windowMilliseconds: window, burst: burst, reservePerMille: reserve))
    }

    private mutating func addBuckets() {
        indexes = []
        for limit in limits {
            guard let index = try? book.add(limit, at: now) else { continue }
            indexes.append(index)
        }
        if indexes.count != limits.count { wrong.append("a bucket was refused") }
    }

    var now: Instant { Instant(nanoseconds: clock) }
    var wall: WallTime { WallTime(milliseconds: time / 1_000_000) }

    /// Runs until so many requests were granted, or something is wrong.
    mutating func run(admissions target: Int) {
        var idle = 0
        while admissions < target, wrong.isEmpty {
            let before = admissions
            step()
            idle = admissions == before ? idle + 1 : 0
            if idle > 5000 { wrong.append("nothing was granted for \(idle) steps: \(describeLine())") }
        }
        for referee in referees {
            if let verdict = referee.verdict() { wrong.append(verdict) }
            if target <= 300, !referee.wasChanged, let verdict = referee.verdictByWindows() { wrong.append(verdict) }
        }
        if isSaturated { judgeUse() }
        if wrong.isEmpty { drain() }
    }

    private mutating func step() {
        topUp()
        write()
        noteGranted(book.advance(to: now))
        if !isSaturated { disturb() }
        endSome()
        moveClock()
    }

    /// At the end every permit ends once, and nothing is left over.
    private mutating func drain() {
        for id in waitingIDs where !book.cancelWaiting(id) { wrong.append("permit \(id) did not wait") }
        for permit in open {
            if !book.settle(permit.id, actual: [], at: now) { wrong.append("permit \(permit.id) was not open") }
            if book.settle(permit.id, actual: [], at: now) || book.handBack(permit.id, at: now) {
                wrong.append("permit \(permit.id) ended twice")
            }
        }
        if book.openCount != 0 || book.waitingCount != 0 {
            wrong.append("\(book.openCount) open and \(book.waitingCount) waiting are left over")
        }
    }

    /// Demand always waited, so nearly all that arrived at the first bucket must have been granted.
    private mutating func judgeUse() {
        let granted = Int128(referees[0].grantedInAll) * Int128(referees[0].windowNanoseconds)
        let arrived = Int128(referees[0].amount) * Int128(time)
        if granted * 100 < arrived * 98 {
            wrong.append("only \(granted * 1000 / max(1, arrived)) thousandths of what arrived were granted")
        }
    }

    private func describeLine() -> String {
        let why = waitingIDs.first.flatMap { book.whyWaits($0, at: now)?.sentence } ?? "nothing waits"
        return "\(why); \(book.openCount) open; needs a record: \(book.needsRecord)"
    }
}

/// What many seeded runs came to.
public struct RandomClusterReport: Sendable {
    /// Requests that were granted in all runs.
    public var admissions = 0
    /// Restarts of the coordinator.
    public var crashes = 0
    /// Calls that cost less than their estimate.
    public var givenBack = 0
    /// What the referees found, each with its seed.
    public var wrong: [String] = []
}

/// Runs clusters of consecutive seeds until there were so many admissions in all: every fourth run is short and is
/// judged window by window too.
public func runRandomClusters(admissions: Int, firstSeed: UInt64) -> RandomClusterReport {
    var report = RandomClusterReport()
    var seed = firstSeed
    while report.admissions < admissions, report.wrong.count < 3 {
        var cluster = RandomCluster(seed: seed)
        cluster.run(admissions: seed % 4 == 3 ? 300 : 2000)
        report.admissions += cluster.admissions
        report.crashes += cluster.crashes
        report.givenBack += cluster.givenBack
        report.wrong += cluster.wrong.prefix(2).map { "seed \(seed): \($0)" }
        seed += 1
    }
    return report
}
