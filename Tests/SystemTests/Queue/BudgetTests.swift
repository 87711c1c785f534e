import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// A job's budget, with the costs that the real CLI reports.
    @Suite struct BudgetTests {
        private struct Job: Decodable {
            var queued, succeeded: Int
            var cost_usd: Double
            var budget_usd: Double?
            var note: String?
        }

        private func job(_ fleet: Fleet, _ number: String) async throws -> Job {
            let text = try await fleet.verb(["status", number, "--output", "json"])
            return try JSONDecoder().decode(Job.self, from: Data(text.utf8))
        }

        @Test func whatABudgetLeavesWaitsUntilItIsRaised() async throws {
            try await withFleet(.withRealClaude(), simulator: []) { fleet in
                try await fleet.startAgent("east", instances: 2)
                // What one costs, by the CLI's own table.
                let probe = try await fleet.submit(["Answer NONCE-probe", "--model", "sonnet"])
                #expect(try await fleet.results(of: probe).map(\.state) == ["succeeded"])
                let one = try await job(fleet, probe).cost_usd
                #expect(one > 0)

                let lines = try fleet.bench.file("lines.txt", (1...12).map { "NONCE-\($0)\n" }.joined())
                let budget = (one * 6 * 10_000).rounded(.up) / 10_000
                let number = try await fleet.submit([
                    "--each-line", lines, "--prompt", "Answer {line}", "--model", "sonnet", "--budget-usd", "\(budget)",
                ])
                try await eventually("the budget to be used up", within: .seconds(120)) {
                    let why = try await fleet.verb(["why", "\(number).11"])
                    let now = try await fleet.verb(["tasks", number, "--output", "quiet"])
                    return why.contains("ccctl budget \(number) --usd") && !now.contains("running")
                }
                let held = try await job(fleet, number)
                #expect(held.queued > 0 && held.succeeded >= 2 && held.succeeded + held.queued == 12, "\(held)")
                #expect(held.note?.contains("is used up") == true && held.budget_usd == budget, "\(held)")
                // Two run at once: at most a call of each goes beyond it.
                #expect(held.cost_usd <= budget + 2 * one * 1.2, "\(held)")
                #expect(try await fleet.verb(["why", "\(number).11", "-o", "quiet"]).contains("budget"))

                try await fleet.verb(["budget", number, "--usd", "\(budget * 10)"])
                let rows = try await fleet.results(of: number)
                #expect(rows.count == 12 && rows.allSatisfy { $0.state == "succeeded" }, "\(rows)")

                let stopped = try await fleet.submit([
                    "--each-line", lines, "--prompt", "Say {line}", "--model", "sonnet", "--budget-usd", "\(budget)",
                    "--on-budget", "stop",
                ])
                let ends = try await fleet.results(of: stopped, code: 1)
                #expect(ends.contains { $0.state == "succeeded" })
                #expect(ends.contains { $0.state == "skipped" && $0.error?.class == "budget" }, "\(ends)")
            }
        }
    }
}
