import ClusterModel
import CoordinatorClient

/// Polls jobs until all of them have ended.
struct JobWaiter {
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(1)

    let client: CoordinatorClient
    /// Nil: for ever.
    let timeLimit: Duration?
    /// Whether to draw no live line.
    let quiet: Bool

    /// - Returns: The jobs as they ended.
    /// - Throws: ``ExitStatus/timedOut`` after the time limit, and what the client throws.
    func wait(for jobs: [JobID]) async throws -> [JobSummary] {
        guard let timeLimit else { return try await poll(jobs) }
        return try await withThrowingTaskGroup(of: [JobSummary]?.self) { group in
            group.addTask { try await poll(jobs) }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                return nil
            }
            defer { group.cancelAll() }
            guard let ended = try await group.next() ?? nil else { throw ExitStatus.timedOut }
            return ended
        }
    }

    private func poll(_ jobs: [JobID]) async throws -> [JobSummary] {
        let clock = ContinuousClock()
        let start = clock.now
        var progress = JobProgress()
        var line = LiveLine(quiet: quiet)
        defer { line.clear() }
        var pause = Self.firstPause
        var hold = HoldNotice()
        while true {
            let summaries = try await summaries(of: jobs)
            if summaries.allSatisfy(\.isFinished) { return summaries }
            progress.observe(summaries, at: Instant(nanoseconds: Self.nanoseconds(clock.now - start)))
            if !line.isShown, let note = hold.note(of: summaries, at: clock.now) {
                Note.say("ccctl: \(SafeText.oneLine(note))")
            }
            line.draw(progress.line)
            try await Task.sleep(for: pause)
            pause = min(pause * 5 / 4, Self.longestPause)
        }
    }

    private func summaries(of jobs: [JobID]) async throws -> [JobSummary] {
        let found = try await client.jobs(jobs)
        return try jobs.map { job in
            guard let summary = found.first(where: { $0.job == job }) else {
                throw CoordinatorFailure(code: .unknownJob, message: "there is no job \(job) any more")
            }
            return summary
        }
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}

/// Tells what holds a job where no live line shows it: once, and only what lasts.
struct HoldNotice {
    /// A fleet that just started holds its job for a moment: that is no news.
    private static let newsAfter = Duration.seconds(3)

    private var current = ""
    private var since = ContinuousClock.now
    private var told = ""

    /// The sentence, when it is time to tell it.
    mutating func note(of jobs: [JobSummary], at now: ContinuousClock.Instant) -> String? {
        let note = jobs.first { !$0.note.isEmpty }?.note ?? ""
        if note != current {
            current = note
            since = now
        }
        guard !note.isEmpty, note != told, now - since >= Self.newsAfter else { return nil }
        told = note
        return note
    }
}

extension [JobSummary] {
    /// 0 if every task of all jobs succeeded, else 1.
    var exitStatus: ExitStatus { allSatisfy(\.allSucceeded) ? .success : .someFailed }
}
