import ClusterModel
import CoordinatorCore
import Foundation

/// The final counts of a finished job as they rest in its row: a line of numbers, since jobs of one task finish by the thousand.
/// Version "1" wrote JSON, without what came later.
struct StoredSummary {
    var counts = JobCounts()
    var usage = Usage()
    var costMicroUSD: UInt64 = 0
    var retried: UInt64 = 0

    init(_ job: JobSummary) {
        counts = job.counts
        usage = job.usage
        costMicroUSD = job.costMicroUSD
        retried = job.retried
    }

    /// Nil when it is neither.
    init?(text: String) {
        guard text.utf8.first != UInt8(ascii: "{") else {
            guard let first = First(text) else { return nil }
            counts.tasks = first.tasks
            counts.succeeded = first.succeeded
            counts.failed = first.failed
            counts.cancelled = first.cancelled
            counts.skipped = first.skipped
            counts.expired = first.expired
            set(first.usage[...], cost: first.costMicroUSD)
            return
        }
        let numbers = text.split(separator: " ").compactMap { UInt64($0) }
        guard numbers.count >= 12, numbers[..<6].allSatisfy({ $0 <= UInt64(UInt32.max) }) else { return nil }
        counts.tasks = UInt32(numbers[0])
        counts.succeeded = UInt32(numbers[1])
        counts.failed = UInt32(numbers[2])
        counts.cancelled = UInt32(numbers[3])
        counts.skipped = UInt32(numbers[4])
        counts.expired = UInt32(numbers[5])
        set(numbers[6..<10], cost: numbers[10])
        retried = numbers[11]
    }

    var text: String {
        let ends = [
            counts.tasks, counts.succeeded, counts.failed, counts.cancelled, counts.skipped, counts.expired,
        ].map(UInt64.init)
        let spent = [
            usage.inputTokens, usage.outputTokens, usage.cacheReadInputTokens, usage.cacheCreationInputTokens,
            costMicroUSD, retried,
        ]
        return (ends + spent).map { String($0) }.joined(separator: " ")
    }

    private mutating func set(_ kinds: ArraySlice<UInt64>, cost: UInt64) {
        let kinds = Array(kinds)
        costMicroUSD = cost
        guard kinds.count == 4 else { return }
        usage = Usage(
            inputTokens: kinds[0], outputTokens: kinds[1], cacheReadInputTokens: kinds[2],
            cacheCreationInputTokens: kinds[3])
    }

    /// As version "1" wrote it.
    private struct First: Decodable {
        var tasks: UInt32
        var succeeded: UInt32
        var failed: UInt32
        var cancelled: UInt32
        var skipped: UInt32
        var expired: UInt32
        var usage: [UInt64]
        var costMicroUSD: UInt64

        init?(_ text: String) {
            do {
                self = try JSONDecoder().decode(First.self, from: Data(text.utf8))
            } catch {
                return nil
            }
        }
    }
}
