import ClusterModel

/// Dollars and tokens together. Sums stay at their highest value: an absurd report may not end the program.
public struct Spend: Hashable, Sendable {
    /// Millionths of a dollar.
    public var microUSD: UInt64
    /// Of every kind.
    public var tokens: UInt64

    /// Nothing, but for what is given.
    public init(microUSD: UInt64 = 0, tokens: UInt64 = 0) {
        self.microUSD = microUSD
        self.tokens = tokens
    }

    /// What can be budgeted.
    enum Unit: CaseIterable { case dollars, tokens }

    subscript(unit: Unit) -> UInt64 {
        get { unit == .dollars ? microUSD : tokens }
        set { if unit == .dollars { microUSD = newValue } else { tokens = newValue } }
    }

    static func += (a: inout Self, b: Self) {
        for unit in Unit.allCases { a[unit] = a[unit].plus(b[unit]) }
    }

    static func -= (a: inout Self, b: Self) {
        for unit in Unit.allCases { a[unit] = a[unit].minus(b[unit]) }
    }

    /// A moving average that weighs the newest by an eighth; nothing is known yet where `reports` is 0.
    mutating func learn(_ new: Self, after reports: UInt32) {
        for unit in Unit.allCases {
            // What a report may say is far below this.
            let took = min(new[unit], 1 << 56)
            self[unit] = reports == 0 ? took : (self[unit] * 7 + took + 7) / 8
        }
    }
}

extension UInt64 {
    func plus(_ other: UInt64) -> UInt64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? .max : sum
    }

    func minus(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}

/// What was spent on one day, by the calendar in UTC.
public struct DaySpend: Hashable, Sendable {
    /// Days since the first of January 1970.
    public var day: Int64
    /// All attempts' that were reported on it.
    public var spend: Spend

    /// Everything as given.
    public init(day: Int64, spend: Spend) {
        self.day = day
        self.spend = spend
    }
}

/// What the whole queue spends.
struct Spending {
    static let dayMilliseconds: Int64 = 86_400_000

    private(set) var today = DaySpend(day: 0, spend: Spend())
    /// Set aside for attempts that are under way, and how many of them there are.
    var reserved = Spend()
    var reservations = 0
    /// What calls of attempts that are under way count for.
    var callSpend = Spend()
    /// What an attempt takes, as learned from all that ended, and how many of them there were.
    private(set) var learned = Spend()
    private(set) var reports: UInt32 = 0
    /// When the next day begins.
    private(set) var dayEnds = Instant.distantFuture
    private(set) var isUnrecorded = false

    mutating func take(_ recovered: DaySpend) { today = recovered }

    /// A new day has nothing spent. A calendar that is set back a little stays on the day that it was.
    mutating func turn(to now: Moment) {
        let day = now.wall.milliseconds / Self.dayMilliseconds
        dayEnds = now.instant + Milliseconds(Self.dayMilliseconds - now.wall.milliseconds % Self.dayMilliseconds)
        guard day > today.day || day < today.day - 1 else { return }
        today = DaySpend(day: day, spend: Spend())
    }

    mutating func count(_ spend: Spend) {
        today.spend += spend
        learned.learn(spend, after: reports)
        if reports < .max { reports += 1 }
        isUnrecorded = true
    }

    /// Of an attempt that did not report.
    mutating func countLost(_ spend: Spend) {
        today.spend += spend
        isUnrecorded = true
    }

    mutating func recorded() { isUnrecorded = false }
}
