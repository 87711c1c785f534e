import ClusterModel

/// One bucket as a restart would resume it: at most what is really left, whatever is granted until the next record.
public struct QuotaRecord: Hashable, Sendable {
    /// What is left or held.
    public enum State: Hashable, Sendable {
        /// Of a rate: the level to resume at; may be negative.
        case level(Int64)
        /// Of a concurrency limit: how many may be held at most when the coordinator dies.
        case held(Int64)
    }

    /// The bucket's name.
    public var name: String
    /// What a restart resumes at.
    public var state: State
    /// When its park ends, by the calendar; nil: not parked.
    public var parkedUntil: WallTime?
    /// How long the park lasted from the record on: after a restart it lasts no longer, should the calendar have jumped
    /// back. 0: not parked.
    public var parkedFor: Milliseconds

    /// Everything as given.
    public init(name: String, state: State, parkedUntil: WallTime? = nil, parkedFor: Milliseconds = 0) {
        self.name = name
        self.state = state
        self.parkedUntil = parkedUntil
        self.parkedFor = parkedFor
    }
}

/// The records of all buckets, to be written together.
public struct QuotaSnapshot: Hashable, Sendable {
    /// Counts the book's snapshots, from 1: ``QuotaBook/recorded(_:)`` names it.
    public let number: UInt64
    /// One for each bucket, in the order in which they were added.
    public let records: [QuotaRecord]

    init(number: UInt64, records: [QuotaRecord]) {
        self.number = number
        self.records = records
    }
}
