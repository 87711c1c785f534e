import ClusterModel
import CoordinatorClient

/// Names jobs: `7`, `1,3,5-8`, `last`, `all`.
enum JobSelector: Equatable {
    case numbers([ClosedRange<UInt32>])
    case last
    case all

    /// Jobs that `all` may mean.
    static let jobsAtMost = 100_000

    static let help = "A job's number, several as 1,3,5-8, or last, or all."

    /// - Throws: ``UsageError`` for anything else.
    init(_ text: String) throws {
        switch text {
        case "last": self = .last
        case "all": self = .all
        default:
            self = .numbers(try NumberRanges.parse(text, what: "a job", hint: "give a number, 1,3,5-8, last or all"))
        }
    }

    /// The jobs that are there, each once; in the order of their numbers unless they were named otherwise.
    /// - Throws: `CoordinatorFailure` for a number alone that no job has.
    func jobs(_ client: CoordinatorClient) async throws -> [JobSummary] {
        switch self {
        case .all:
            var all: [JobSummary] = []
            try await client.eachPageOfJobs { page in
                all += page
                guard all.count <= Self.jobsAtMost else {
                    throw UsageError(
                        "there are over \(Self.jobsAtMost) jobs, too many for \"all\": name them by number")
                }
                return true
            }
            return all.reversed()
        case .last:
            guard let newest = try await client.jobs(limit: 1).first else { throw UsageError("there is no job yet") }
            return [newest]
        case .numbers(let ranges):
            var found: [JobSummary] = []
            for range in ranges {
                let jobs = try await Self.jobs(range, client)
                for job in jobs.sorted(by: { $0.job < $1.job }) where !found.contains(where: { $0.job == job.job }) {
                    found.append(job)
                }
            }
            return found
        }
    }

    /// A number alone must be there; of a range, those jobs are meant that are.
    private static func jobs(_ range: ClosedRange<UInt32>, _ client: CoordinatorClient) async throws -> [JobSummary] {
        if range.count == 1 { return [try await client.job(JobID(rawValue: range.lowerBound))] }
        let jobs = try await client.jobs(range.map { JobID(rawValue: $0) })
        guard !jobs.isEmpty else { throw UsageError("there is no job from \(range.lowerBound) to \(range.upperBound)") }
        return jobs
    }

    /// The one job that is meant.
    /// - Throws: ``UsageError`` if several are.
    func oneJob(_ client: CoordinatorClient) async throws -> JobSummary {
        let jobs = try await jobs(client)
        guard jobs.count == 1 else { throw UsageError("name one job, not \(jobs.count)") }
        return jobs[0]
    }
}

/// Numbers as people list them: `1,3,5-8`.
enum NumberRanges {
    /// Numbers of one list, so that a slip of the finger asks for no four thousand million jobs.
    static let numbersAtMost = 1000

    /// - Parameter whole: What sentences quote, if `text` is a part of it.
    static func parse(
        _ text: String, in whole: String? = nil, what: String, hint: String, numbersAtMost: Int = numbersAtMost
    ) throws -> [ClosedRange<UInt32>] {
        let quoted = whole ?? text
        var ranges: [ClosedRange<UInt32>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last
            else {
                throw UsageError("\"\(quoted)\" does not name \(what): \(hint)")
            }
            ranges.append(first...last)
        }
        guard ranges.reduce(0, { $0 + Int($1.upperBound - $1.lowerBound) + 1 }) <= numbersAtMost else {
            throw UsageError("\"\(quoted)\" names over \(numbersAtMost) numbers: name fewer at once")
        }
        return ranges
    }
}

/// Names tasks of a job, or jobs: `7.12`, `7.3-9`, or what ``JobSelector`` reads.
enum TaskSelector: Equatable {
    case jobs(JobSelector)
    case tasks(JobID, [ClosedRange<UInt32>])

    init(_ text: String) throws {
        guard let dot = text.firstIndex(of: ".") else {
            self = .jobs(try JobSelector(text))
            return
        }
        let hint = "give JOB.INDEX such as 7.12"
        guard let job = UInt32(text[..<dot]) else { throw UsageError("\"\(text)\" does not name a task: \(hint)") }
        let indexes = try NumberRanges.parse(
            String(text[text.index(after: dot)...]), in: text, what: "a task", hint: hint,
            numbersAtMost: Limits.tasksPerJob)
        self = .tasks(JobID(rawValue: job), indexes)
    }

    /// What a control verb is told.
    /// - Parameter endedToo: Whether `all` means jobs that have ended, too.
    func targets(_ client: CoordinatorClient, endedToo: Bool = false) async throws -> [ControlTarget] {
        switch self {
        case .tasks(let job, let ranges): return [.tasks(job, indexes: ranges.flatMap(Array.init))]
        case .jobs(let selector):
            let jobs = try await selector.jobs(client)
            let meant = selector == .all && !endedToo ? jobs.filter { !$0.isFinished } : jobs
            return meant.map { .job($0.job) }
        }
    }

    /// The one task that is meant; of a job that has one task, that.
    /// - Throws: ``UsageError`` if several are.
    func oneTask(_ client: CoordinatorClient) async throws -> TaskID {
        switch self {
        case .tasks(let job, let indexes):
            guard indexes.count == 1, indexes[0].count == 1 else { throw UsageError("name one task, such as \(job).0") }
            return TaskID(job: job, index: indexes[0].lowerBound)
        case .jobs(let selector):
            let job = try await selector.oneJob(client)
            guard job.tasks == 1 else {
                throw UsageError("job \(job.job) has \(job.tasks) tasks: name one, such as \(job.job).0")
            }
            return TaskID(job: job.job, index: 0)
        }
    }
}
