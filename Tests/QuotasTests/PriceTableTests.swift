import ClusterModel
import Testing

@testable import Quotas

@Suite struct PriceTableTests {
    @Test(
        "The longest beginning counts; a class, another vendor's name and an unknown one are taken the dear way",
        arguments: [
            ("claude-opus-4-5-20251101", 5000), ("claude-opus-4-20250514", 15_000), ("claude-opus-5-5", 4000),
            ("claude-sonnet-4-6[1m]", 3000), ("us.anthropic.claude-3-5-haiku-20241022-v1:0", 800), ("haiku", 1000),
            ("Opus", 15_000), ("claude-sonnet-9", 3000), ("gpt", 15_000), ("", 15_000), ("claude-", 15_000),
        ])
    func models(_ model: String, _ input: UInt64) {
        #expect(PriceTable.price(of: model).input == input * 1000)
    }

    @Test("Each kind of token has its price, and a part of a millionth is a whole one")
    func cost() {
        let usage = Usage(
            inputTokens: 1000, outputTokens: 100, cacheReadInputTokens: 10_000, cacheCreationInputTokens: 200)
        #expect(PriceTable.cost(of: usage, model: "claude-sonnet-4-5") == 3000 + 1500 + 3000 + 1200)
        #expect(PriceTable.cost(of: Usage(cacheReadInputTokens: 1), model: "claude-3-haiku") == 1)
        #expect(PriceTable.cost(of: Usage(), model: "") == 0)
        #expect(PriceTable.cost(of: Usage(outputTokens: .max, cacheReadInputTokens: .max), model: "") == .max)
    }

    @Test("No price is below that of reading the cache, and none is named twice")
    func table() {
        #expect(Set(PriceTable.prices.map(\.prefix)).count == PriceTable.prices.count)
        for (name, price) in PriceTable.prices {
            #expect(price.cacheRead > 0 && price.cacheRead < price.input, "\(name)")
            #expect(price.input < price.cacheWrite && price.cacheWrite < price.output, "\(name)")
        }
        #expect(PriceTable.dearest == Price(15_000, 75_000, write: 30_000, read: 1500))
    }
}
