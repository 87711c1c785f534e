import ClusterModel
import CoordinatorCore

/// What a coordinator needs of a store. Any store that passes the conformance suite of the tests will do.
///
/// ``commit(_:)`` is called from one thread; the others may be called from any and see what is committed.
public protocol CoordinatorStoring: Sendable {
    /// Random; made with the store, and new after a restore.
    var storeID: StoreID { get }
    /// Grows each time a coordinator opens the store.
    var term: UInt64 { get }
    /// Writes the records in one transaction, which is durable when this returns. On an error nothing of it is there.
    func commit(_ records: [DurableRecord]) throws
    /// Everything that a new coordinator goes on from beside its jobs.
    func recoverFrame() throws -> RecoveredFrame
    /// Gives every job in order of its number, one at a time: finished ones by their summary, the others with their tasks.
    func recoverJobs(_ each: (RecoveredJob) throws -> Void) throws
    /// One job with all its tasks, whether it has finished or not; nil when there is none of that number.
    func recoverJob(_ id: JobID) throws -> RecoveredJob?
    /// The prompts of these tasks, in their order. Throws when one is missing.
    func prompts(_ ids: [TaskID]) throws -> [Content]
    /// Bytes that it may still grow by.
    func freeBytes() throws -> UInt64
}

extension CoordinatorStoring {
    /// Everything at once.
    public func recover() throws -> RecoveredState {
        var state = RecoveredState()
        state.frame = try recoverFrame()
        try recoverJobs { state.jobs.append($0) }
        return state
    }
}

extension SQLiteStore: CoordinatorStoring {}
