import ClusterModel
import CoordinatorCore
import CoordinatorStore
import ZeroMQ

/// What other threads tell the loop.
enum LoopMail: Sendable {
    case committed(CommitOutcome)
    /// A query's answer is ready to be sent.
    case answer(OutgoingReply)
    /// A finished job was read whole; nil: it is not there.
    case reloaded(JobID, Handover<Result<PreparedJob?, StoreError>>)
    case stop
}

/// A frame for a client.
struct OutgoingReply: Sendable {
    var route: RoutingID
    var frame: [UInt8]
}

/// What became of a turn's transaction.
enum CommitOutcome: Sendable {
    /// On disk; with the prompts that the loop's cache did not have, in the order asked for.
    case done(prompts: [Content])
    /// All of it is on disk, but the prompts could not be read.
    case unread(StoreError)
    /// Nothing of it is there.
    case failed(StoreError)
}

/// What the loop hands to the store's thread: one transaction, and prompts to read after it.
struct CommitWork: Sendable {
    var records: [DurableRecord]
    var promptsWanted: [TaskID]
}
