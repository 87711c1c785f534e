import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels jobs or tasks: what waits ends at once, what runs is told to stop.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Jobs (7, 1,3,5-8, last, all) or tasks (7.12, 7.3-9).")
    var what: [String]

    private struct Order {
        let job: JobID
        /// Empty: the whole job.
        let indexes: [UInt32]
    }

    func run() async throws {
        // All are read before the first is carried out.
        let selectors = try what.map { try TaskSelector($0) }
        try await CtlSession.with(global) { session in
            var orders: [Order] = []
            for selector in selectors { orders += try await Self.orders(selector, session.client) }
            for order in orders {
                let outcome = try await session.client.cancel(order.job, indexes: order.indexes)
                var json = JSONObject()
                json.add("job", order.job.rawValue)
                json.add("queued", outcome.queued)
                json.add("running", outcome.running)
                try session.print(
                    "job \(order.job): \(CountText.tasks(outcome.queued)) cancelled, \(outcome.running) running told to stop",
                    json: json, quiet: nil)
            }
        }
    }

    private static func orders(_ selector: TaskSelector, _ client: CoordinatorClient) async throws -> [Order] {
        switch selector {
        case .tasks(let job, let indexes): return [Order(job: job, indexes: indexes.flatMap(Array.init))]
        case .jobs(let selector):
            let jobs = try await selector.jobs(client)
            // `all` means all that there is something to cancel in.
            let meant = selector == .all ? jobs.filter { !$0.isFinished } : jobs
            return meant.map { Order(job: $0.job, indexes: []) }
        }
    }
}
