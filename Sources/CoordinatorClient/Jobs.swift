import ClusterModel
import ClusterWire

extension CoordinatorClient {
    /// The jobs with these numbers, those that there are; or, for none, all of them.
    /// - Parameter limit: At most so many, newest first.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func jobs(_ jobs: [JobID] = [], limit: Int = Limits.tasksPerMessage) async throws -> [JobSummary] {
        var query = Ccorchestrator_V1_GetJobs()
        query.jobs = jobs.map { UInt64($0.rawValue) }
        query.limit = UInt32(limit)
        let body = try await call(.getJobs(query))
        guard case .jobs(let found) = body else { throw Self.unexpected(body) }
        return try found.jobs.map { job in try reading { () throws(WireError) in try JobSummary(proto: job) } }
    }

    /// All jobs page by page, newest first.
    /// - Parameter page: Gets a page, and says whether it wants another one.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``, what `page` throws.
    public func eachPageOfJobs(_ page: ([JobSummary]) throws -> Bool) async throws {
        var newest = try await jobs(limit: Limits.tasksPerMessage)
        while let oldest = newest.map(\.job.rawValue).min() {
            guard try page(newest) else { return }
            // Older ones are asked for by their numbers; some of these may be forgotten.
            newest = []
            var end = oldest
            while newest.isEmpty && end > 1 {
                let start = end > UInt32(Limits.tasksPerMessage) ? end - UInt32(Limits.tasksPerMessage) : 1
                newest = try await jobs((start..<end).map { JobID(rawValue: $0) }).sorted { $0.job > $1.job }
                end = start
            }
        }
    }

    /// One job.
    /// - Throws: ``CoordinatorFailure`` with ``FailureCode/unknownJob`` if there is none of this number.
    public func job(_ job: JobID) async throws -> JobSummary {
        guard let found = try await jobs([job]).first else {
            throw CoordinatorFailure(code: .unknownJob, message: "there is no job \(job)")
        }
        return found
    }
}
