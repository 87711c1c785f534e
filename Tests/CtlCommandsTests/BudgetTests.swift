import ClusterModel
import CoordinatorClient
import Testing

@testable import CtlCommands

@Suite struct BudgetTests {
    private func spec(_ arguments: [String]) throws -> Submission {
        try #require(try CtlMain.parse(["submit", "a"] + arguments) as? Submit).options.submission()
    }

    @Test func aJobsBudgetIsNotItsTasks() throws {
        let found = try spec([
            "--budget-usd", "5", "--budget-tokens", "2M", "--on-budget", "stop", "--task-budget-usd", "0.5",
        ])
        #expect(found.spec.budgetMicroUSD == 5_000_000 && found.spec.budgetTokens == 2_000_000)
        #expect(found.spec.onBudget == .stop && found.options.map(\.budgetMicroUSD) == [500_000])
        let run = try #require(
            try CtlMain.parse(
                ["run", "a", "--budget-usd", "5"]) as? Run
        ).options
        #expect(try run.submission(usual: .stop).spec.onBudget == .stop)
        let none = try spec([])
        #expect(!none.spec.hasBudget && none.spec.onBudget == .hold)
    }

    @Test func aJobFileSaysBothToo() throws {
        let yaml = "budget_usd: 5\nbudget_tokens: 500k\non_budget: stop\ndefaults: {budget_usd: 0.25}\ntasks: [a]\n"
        let found = try JobFile(path: "job.yaml", bytes: Array(yaml.utf8)).submission(name: nil, flags: TaskFields())
        #expect(found.spec.budgetMicroUSD == 5_000_000 && found.spec.budgetTokens == 500_000)
        #expect(found.spec.onBudget == .stop && found.options.map(\.budgetMicroUSD) == [250_000])
    }

    @Test(arguments: [
        (["--budget-usd", "0"], "--budget-usd must be an amount of dollars above zero"),
        (["--budget-usd=-3"], "--budget-usd must be an amount of dollars above zero"),
        (["--budget-usd", "much"], "--budget-usd must be an amount of dollars above zero"),
        (["--budget-usd", "nan"], "--budget-usd must be an amount of dollars above zero"),
        (["--budget-tokens", "0"], "--budget-tokens must be a number of tokens from 1, such as 250000, 500k or 2M"),
        (["--budget-tokens=-1"], "--budget-tokens must be a number of tokens from 1, such as 250000, 500k or 2M"),
        (["--budget-tokens", "2G"], "--budget-tokens must be a number of tokens from 1, such as 250000, 500k or 2M"),
        (["--on-budget", "wait"], "--on-budget must be one of hold, stop"),
    ])
    func whatCannotBe(_ arguments: [String], _ sentence: String) throws {
        #expect(refusal { _ = try spec(arguments) } == sentence)
    }

    @Test func theVerbChangesOneOrBothOrNone() throws {
        func order(_ words: [String]) throws -> [UInt64?] {
            let (money, tokens) = try #require(try CtlMain.parse(["budget", "7"] + words) as? Budget).order()
            return [money, tokens]
        }
        #expect(try order([]) == [nil, nil] && order(["--usd", "2.5"]) == [2_500_000, nil])
        #expect(try order(["--usd", "none", "--tokens", "3k"]) == [0, 3000])
        #expect(refusal { _ = try order(["--usd", "0"]) } == "--usd must be an amount of dollars above zero")
        #expect(
            refusal { _ = try order(["--tokens", "x"]) }
                == "--tokens must be a number of tokens from 1, such as 250000, 500k or 2M")
    }

    @Test func whatIsSpentStandsBesideTheBudget() {
        var job = JobSummary(job: JobID(rawValue: 7), usage: Usage(inputTokens: 1500), costMicroUSD: 250_000)
        #expect(BudgetLine(job).sentence == "job 7: $0.2500 spent, without limit; 1.5k tokens, without limit")
        #expect(
            BudgetLine(job).json.line
                == "{\"job\":7,\"cost_usd\":0.25,\"tokens\":1500,\"budget_usd\":null,\"budget_tokens\":null,\"on_budget\":\"hold\"}"
        )
        job.budgetMicroUSD = 5_000_000
        job.budgetTokens = 2_000_000
        job.onBudget = .stop
        #expect(
            BudgetLine(job).sentence
                == "job 7: $0.2500 of $5.00 spent; 1.5k of 2.00M tokens; what is left is skipped then")
        #expect(JobLine(job).row.contains("$0.2500 of $5.00") && JobLine(job).row.contains("1.5k of 2.00M"))
        #expect(
            JobLine(job).json().line.contains(
                "\"cost_usd\":0.25,\"budget_usd\":5,\"budget_tokens\":2000000,\"on_budget\":\"stop\""))
    }
}
