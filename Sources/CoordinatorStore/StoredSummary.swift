import ClusterModel
import CoordinatorCore

/// The final counts of a finished job as they rest in its row.
struct StoredSummary: Codable {
    var tasks: UInt32
    var succeeded: UInt32
    var failed: UInt32
    var cancelled: UInt32
    var skipped: UInt32
    var expired: UInt32
    var usage: [UInt64]
    var costMicroUSD: UInt64

    init(_ job: JobSummary) {
        tasks = job.counts.tasks
        succeeded = job.counts.succeeded
        failed = job.counts.failed
        cancelled = job.counts.cancelled
        skipped = job.counts.skipped
        expired = job.counts.expired
        usage = [
            job.usage.inputTokens, job.usage.outputTokens, job.usage.cacheReadInputTokens,
            job.usage.cacheCreationInputTokens,
        ]
        costMicroUSD = job.costMicroUSD
    }

    var counts: JobCounts {
        var counts = JobCounts()
        counts.tasks = tasks
        counts.succeeded = succeeded
        counts.failed = failed
        counts.cancelled = cancelled
        counts.skipped = skipped
        counts.expired = expired
        return counts
    }

    var used: Usage {
        guard usage.count == 4 else { return Usage() }
        return Usage(
            inputTokens: usage[0], outputTokens: usage[1], cacheReadInputTokens: usage[2],
            cacheCreationInputTokens: usage[3])
    }
}
