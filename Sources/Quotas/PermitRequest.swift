import ClusterModel

/// Place of a bucket in its book: small, and stable while the book lives. Callers look it up by name once.
public struct BucketIndex: Hashable, Comparable, Sendable {
    /// From 0, in the order in which buckets were added.
    public let rawValue: Int32
    init(_ place: Int) { rawValue = Int32(truncatingIfNeeded: place) }
    var place: Int { Int(rawValue) }
    /// Whether `a` was added before `b`.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// How much of one bucket a call takes.
public struct PermitCost: Hashable, Sendable {
    /// The bucket to take it from.
    public var bucket: BucketIndex
    /// In the bucket's unit (requests, tokens, calls held); 0 takes nothing.
    public var amount: Int64

    /// That much of that bucket.
    public init(_ bucket: BucketIndex, _ amount: Int64) {
        self.bucket = bucket
        self.amount = amount
    }
}

/// A wish for one call to a metered service.
public struct PermitRequest: Hashable, Sendable {
    /// Who will make the call: when it dies, its permits count as spent. The caller's own number.
    public var holder: UInt64
    /// Who goes first, and who may take the reserve.
    public var priority: Priority
    /// All of them are taken, or none.
    public var costs: [PermitCost]

    /// Everything as given; ``QuotaBook/ask(_:at:)`` checks it.
    public init(holder: UInt64, priority: Priority, costs: [PermitCost]) {
        self.holder = holder
        self.priority = priority
        self.costs = costs
    }
}

/// One permit, from its request to its end.
public struct PermitID: Hashable, Sendable, CustomStringConvertible {
    /// Never the same twice in a book, nor in two books whose terms differ.
    public let serial: UInt64
    /// Its place in the book's table.
    public let slot: UInt32

    /// For one that travelled: both numbers as they were.
    public init(serial: UInt64, slot: UInt32) {
        self.serial = serial
        self.slot = slot
    }

    /// The serial in decimal.
    public var description: String { String(serial) }
}

/// What a request was answered.
public enum PermitAnswer: Hashable, Sendable {
    /// The call may be made now.
    case granted(PermitID)
    /// It lines up; ``QuotaBook/advance(to:)`` names it when it is granted.
    case waits(PermitID)
}

/// Why a request was not even lined up.
public struct QuotaRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// For programs.
    public enum Code: String, Sendable {
        /// The request itself can't be met.
        case invalid
        /// Too many requests wait, or too many permits are open.
        case full
    }

    /// For programs.
    public let code: Code
    /// What was wrong and what to do.
    public let message: String
    /// The sentence.
    public var description: String { message }
}
