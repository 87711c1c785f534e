import ClusterModel

/// A job from the store in the form in which the core keeps it. Making it takes time for each task, so it is made away from the loop; taking
/// it up then takes none for those that have ended.
public struct PreparedJob: Sendable {
    /// Without its tasks when all of them have ended.
    var job: RecoveredJob
    var tasks: ContiguousArray<TaskEntry> = []
    var counts = JobCounts()
    var graph: JobGraph?
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
                made.add(TaskSpec(prompt: .text(""), after: links.after, context: links.context), at: links.index)
            }
            graph = made
        }
        self.job.links = []
        if unfinished == 0 { self.job.tasks = [] }
    }
}
