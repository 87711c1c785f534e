import ClusterModel
import ClusterWire
import Foundation

/// A job that is on the coordinator's disk.
public struct SubmittedJob: Hashable, Sendable {
    /// Its number.
    public var job: JobID
    /// Tasks on disk.
    public var taskCount: UInt32
    /// Whether it is whole.
    public var isSealed: Bool

    /// With all its parts.
    public init(job: JobID, taskCount: UInt32, isSealed: Bool = true) {
        self.job = job
        self.taskCount = taskCount
        self.isSealed = isSealed
    }
}

/// How far a submit is.
public struct SubmitProgress: Hashable, Sendable {
    /// Tasks on the coordinator's disk.
    public var acknowledged: UInt32
    /// What the coordinator says while it takes nothing more; nil while it does.
    public var waitsBecause: String?

    /// With all its parts.
    public init(acknowledged: UInt32, waitsBecause: String? = nil) {
        self.acknowledged = acknowledged
        self.waitsBecause = waitsBecause
    }
}

/// A submit that ended when a part of its job was on disk.
public struct SubmitInterrupted: Error, CustomStringConvertible {
    /// The job that was begun.
    public var job: JobID
    /// What ended it.
    public var cause: any Error
    /// What became of the job, in words.
    public var outcome: String

    /// With all its parts.
    public init(job: JobID, cause: any Error, outcome: String) {
        self.job = job
        self.cause = cause
        self.outcome = outcome
    }

    /// The sentence for people.
    public var description: String { "\(cause) (job \(job) was begun, \(outcome))" }
}

extension CoordinatorClient {
    /// Submits a job that is in memory: see ``submitStream(_:options:key:progress:next:)``.
    /// - Parameter tasks: At least one; each names a row of `options`.
    public func submit(
        _ spec: JobSpec, options: [TaskOptions], tasks: some Sequence<TaskSpec>, key: SubmissionKey = .random(),
        progress: (@Sendable (SubmitProgress) -> Void)? = nil
    ) async throws -> SubmittedJob {
        var iterator = tasks.makeIterator()
        return try await submitStream(spec, options: options, key: key, progress: progress) { iterator.next() }
    }

    /// Submits a job whose tasks come from an asynchronous sequence: see ``submitStream(_:options:key:progress:next:)``.
    public func submit<Tasks: AsyncSequence>(
        _ spec: JobSpec, options: [TaskOptions], stream tasks: Tasks, key: SubmissionKey = .random(),
        progress: (@Sendable (SubmitProgress) -> Void)? = nil
    ) async throws -> SubmittedJob where Tasks.Element == TaskSpec {
        var iterator = tasks.makeAsyncIterator()
        return try await submitStream(spec, options: options, key: key, progress: progress) {
            try await iterator.next()
        }
    }

    /// Submits a job in batches as its tasks come, ``ClientLimits/submitWindow`` of them under way at once and in order: tasks
    /// are asked for only as fast as the coordinator puts them on its disk. Prompts over ``Limits/inlineContentBytes`` go
    /// ahead of their task as blobs. All of the job is on disk when this returns.
    ///
    /// A full queue is waited out for ``ClientLimits/roomPatience``. Without a key of the user's, a job that can't be made whole
    /// is cancelled; with one it stays, and the same submit goes on with it.
    /// - Parameters:
    ///   - options: The job's table; each task names a row.
    ///   - key: The same in every repeat of this submit.
    ///   - progress: Called after each batch.
    ///   - next: Gives the next task; nil after the last. A closure of an actor, the main one too, costs a hop for each task.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``, ``SubmitInterrupted``, what `next` throws.
    public func submitStream(
        _ spec: JobSpec, options: [TaskOptions], key: SubmissionKey = .random(),
        progress: (@Sendable (SubmitProgress) -> Void)? = nil, next: @escaping () async throws -> TaskSpec?
    ) async throws -> SubmittedJob {
        let prompts = LongPrompts(client: self)
        let run = SubmitRun(client: self, key: key, progress: progress)
        var batches = OutgoingBatches(options: options, tasksAtMost: min(limits.tasksPerBatch, Limits.tasksPerMessage))
        {
            guard let task = try await next() else { return nil }
            return try await prompts.sent(task)
        }
        return try await run.perform(spec, &batches)
    }
}

/// Sends prompts that are too long for a frame ahead of their tasks.
private final class LongPrompts {
    private let client: CoordinatorClient
    private var endpoint: String?

    init(client: CoordinatorClient) { self.client = client }

    /// The task as it travels.
    func sent(_ task: TaskSpec) async throws -> TaskSpec {
        guard case .text(let text) = task.prompt, text.utf8.count > Limits.inlineContentBytes else { return task }
        let endpoint: String
        if let known = self.endpoint { endpoint = known } else { endpoint = try await client.blobsEndpoint() }
        self.endpoint = endpoint
        var task = task
        task.prompt = .blob(try await client.blobs.put(Array(text.utf8), to: endpoint))
        return task
    }
}
