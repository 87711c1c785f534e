import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels jobs or tasks: what waits ends at once, what runs is told to stop.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Jobs (7, 1,3,5-8, last, all) or tasks (7.12, 7.3-9).")
    var what: [String]

    func run() async throws {
        // All are read before the first is carried out.
        let selectors = try what.map { try TaskSelector($0) }
        try await CtlSession.with(global) { session in
            var targets: [ControlTarget] = []
            for selector in selectors { targets += try await selector.targets(session.client) }
            for case let (job, indexes)? in targets.map(\.named) {
                let outcome = try await session.client.cancel(job, indexes: indexes)
                var json = JSONObject()
                json.add("job", job.rawValue)
                json.add("queued", outcome.queued)
                json.add("running", outcome.running)
                try session.print(
                    "job \(job): \(CountText.tasks(outcome.queued)) cancelled, \(outcome.running) running told to stop",
                    json: json, quiet: nil)
            }
        }
    }
}

extension ControlTarget {
    /// The job and, if only some of its tasks are meant, their indexes; nil for the whole queue.
    var named: (job: JobID, indexes: [UInt32])? {
        switch self {
        case .queue: nil
        case .job(let job): (job, [])
        case .tasks(let job, let indexes): (job, indexes)
        }
    }
}
