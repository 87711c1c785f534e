import ArgumentParser
import ClusterModel
import CoordinatorClient
import Settings

struct Budget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what jobs have spent of their budgets, or gives them others.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: String

    @Option(
        help: ArgumentHelp("Dollars that all of the job's tasks may cost together; none: no limit.", valueName: "usd"))
    var usd: String?

    @Option(
        help: ArgumentHelp(
            "Tokens that all of the job's tasks may take together, such as 2M; none: no limit.", valueName: "n"))
    var tokens: String?

    /// The new budgets, all of it checked here; nil: as before.
    func order() throws -> (microUSD: UInt64?, tokens: UInt64?) {
        let money = try usd.map { text in
            text == "none" ? 0 : try Field(key: "usd", value: .amount(text), place: "--usd").microUSD()
        }
        let count = try tokens.map { text in
            text == "none" ? 0 : try Field(key: "tokens", value: .number(text), place: "--tokens").tokenCount()
        }
        return (money, count)
    }

    func run() async throws {
        let selector = try JobSelector(job)
        let (microUSD, tokens) = try order()
        try await CtlSession.with(global) { session in
            var jobs = try await selector.jobs(session.client)
            if microUSD != nil || tokens != nil {
                for job in jobs {
                    _ = try await session.client.setBudget(job.job, microUSD: microUSD, tokens: tokens)
                }
                jobs = try await selector.jobs(session.client)
            }
            for job in jobs {
                let line = BudgetLine(job)
                try session.print(line.sentence, json: line.json, quiet: nil)
            }
        }
    }
}

/// What a job has spent of what it may.
struct BudgetLine {
    let job: JobSummary

    init(_ job: JobSummary) { self.job = job }

    var sentence: String {
        let money = MoneyText.display(microUSD: job.costMicroUSD)
        let count = CountText.short(job.usage.total)
        let dollars =
            job.budgetMicroUSD > 0
            ? "\(money) of \(MoneyText.display(microUSD: job.budgetMicroUSD)) spent" : "\(money) spent, without limit"
        let tokens =
            job.budgetTokens > 0
            ? "\(count) of \(CountText.short(job.budgetTokens)) tokens" : "\(count) tokens, without limit"
        let text = "job \(job.job): \(dollars); \(tokens)"
        guard job.budgetMicroUSD > 0 || job.budgetTokens > 0 else { return text }
        return text + (job.onBudget == .hold ? "; what is left waits then" : "; what is left is skipped then")
    }

    var json: JSONObject {
        var object = JSONObject()
        object.add("job", job.job.rawValue)
        object.add("cost_usd", microUSD: job.costMicroUSD)
        object.add("tokens", job.usage.total)
        add(to: &object)
        return object
    }

    /// The budgets, null where there is none.
    func add(to object: inout JSONObject) {
        if job.budgetMicroUSD > 0 {
            object.add("budget_usd", microUSD: job.budgetMicroUSD)
        } else {
            object.addNull("budget_usd")
        }
        if job.budgetTokens > 0 {
            object.add("budget_tokens", job.budgetTokens)
        } else {
            object.addNull("budget_tokens")
        }
        object.add("on_budget", job.onBudget.rawValue)
    }
}
