import ClusterModel
import Testing

@testable import Settings

@Suite struct BudgetSettingsTests {
    private func settings(_ yaml: String) throws -> CoordinatorSettings {
        let scratch = try Scratch()
        let file = try scratch.write("c.yaml", yaml)
        return try CoordinatorSettings(SettingsSource(program: .coordinator, configFile: file, context: context()))
    }

    @Test func aDayHasNoneUnlessItIsSet() throws {
        let none = try settings("lease: 30s\n")
        #expect(none.budgetPerDayMicroUSD == 0 && none.tokensPerDay == 0)
        let some = try settings("budget-per-day: 20.5\ntokens-per-day: 50M\n")
        #expect(some.budgetPerDayMicroUSD == 20_500_000 && some.tokensPerDay == 50_000_000)
    }

    @Test(arguments: [
        ("budget-per-day: -1", "an amount of dollars from 0 to 1000000, such as 20 or 0.50"),
        ("budget-per-day: much", "an amount of dollars"), ("budget-per-day: 1000001", "an amount of dollars"),
        ("tokens-per-day: -5", "a whole number from 0 to 1000000000000000, such as 250000, 500k or 2M"),
        ("tokens-per-day: 2G", "a whole number"),
    ])
    func whatCannotBeIsRefusedWithItsLine(_ line: String, _ expected: String) throws {
        let told = sentence { () throws(SettingsError) in
            do { _ = try settings(line + "\n") } catch let error as SettingsError { throw error } catch {
                Issue.record(error)
            }
        }
        #expect(told?.contains(expected) == true && told?.contains(":1") == true, "\(told ?? "accepted")")
    }

    @Test func amountsAndCountsAsPeopleWriteThem() {
        #expect(
            Units.microUSD("0.000001") == 1 && Units.microUSD("$5") == 5_000_000
                && Units.microUSD("12.50") == 12_500_000)
        for text in ["", ".", "1.", ".5", "1.0000001", "1e3", "-1", "+1", "1,5", "9999999999999999999"] {
            #expect(Units.microUSD(text) == nil, "\(text)")
        }
        #expect(Units.count("2M") == 2_000_000 && Units.count("1.5k") == 1500 && Units.count("7") == 7)
        for text in ["", "k", "1.2345k", "-1", "+1", "2m", "0x1", "1.5", "99999999999999999999"] {
            #expect(Units.count(text) == nil, "\(text)")
        }
    }
}
