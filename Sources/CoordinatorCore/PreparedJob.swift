import ClusterModel

/// A job from the store in the form in which the core keeps it. Making it takes time for each task, so it is made away from the loop; taking
/// it up then takes none for those that have ended.
public struct PreparedJob: Sendable {
    /// Without its tasks when all of them have ended.
    var job: RecoveredJob
    var tasks: ContiguousArray<TaskEntry> = []
    var counts = JobCounts()
    var graph: JobGraph?
    var heads: [UInt32: ConversationHead] = [:]
    var unfinished = 0

    /// Goes over all its tasks.
    public init(_ job: RecoveredJob) {
        self.job = job
        counts.tasks = UInt32(job.tasks.count)
        tasks.reserveCapacity(job.tasks.count)
        for task in job.tasks {
            // Whether it waits for others is seen when all are there.
            let state = task.end ?? .blocked
            counts[state] += 1
            if !state.isEnd { unfinished += 1 }
            tasks.append(
                TaskEntry(
                    sequence: task.sequence, attempt: task.attempt, options: task.options, state: state,
                    failures: task.failures, crashes: task.crashes, givenUp: task.givenUp,
                    cancelRequested: task.cancelRequested))
        }
        if !job.links.isEmpty {
            var made = JobGraph()
            for links in job.links {
                let spec = TaskSpec(
                    prompt: .text(""), after: links.after, context: links.context, fork: links.fork)
                made.add(spec, at: links.index)
            }
            graph = made
        }
        for kept in job.heads { heads[kept.index] = kept.head }
        self.job.links = []
        self.job.heads = []
        if unfinished == 0 { self.job.tasks = [] }
    }
}
