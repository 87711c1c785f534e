import ClusterModel

/// What a model's tokens cost, in micro-dollars for a million of them: which is as many as picodollars for one.
public struct Price: Hashable, Sendable {
    /// Read, neither from the prompt cache nor into it.
    public var input: UInt64
    /// Written by the model.
    public var output: UInt64
    /// Written to the prompt cache.
    public var cacheWrite: UInt64
    /// Read from the prompt cache.
    public var cacheRead: UInt64

    /// In thousandths of a dollar for a million tokens.
    init(_ input: UInt64, _ output: UInt64, write: UInt64, read: UInt64) {
        self.input = input * 1000
        self.output = output * 1000
        cacheWrite = write * 1000
        cacheRead = read * 1000
    }

    /// Micro-dollars, rounded up; more than 64 bits hold is held at their end.
    public func cost(of usage: Usage) -> UInt64 {
        let parts = [
            (usage.inputTokens, input), (usage.outputTokens, output), (usage.cacheCreationInputTokens, cacheWrite),
            (usage.cacheReadInputTokens, cacheRead),
        ]
        var sum: UInt64 = 0
        for (tokens, price) in parts {
            let (product, isTooMuch) = tokens.multipliedReportingOverflow(by: price)
            let (more, isOver) = sum.addingReportingOverflow(product)
            guard !isTooMuch, !isOver else { return .max }
            sum = more
        }
        return sum / 1_000_000 + (sum % 1_000_000 == 0 ? 0 : 1)
    }
}

/// What tokens cost, model by model: the only place that knows.
///
/// As of 2026-10-24, from the vendor's list at https://platform.claude.com/docs/en/about-claude/pricing, in dollars for a million tokens,
/// without discounts for batches. A report doesn't say how long what it wrote to the cache is kept there: the price for an hour is taken,
/// the dearer one. Where a model's price grows with the prompt (Haiku 5.5), it is the highest.
public enum PriceTable {
    /// The day it was copied.
    public static let date = "2026-10-24"

    /// By the beginning of the model's name; the longest that fits counts.
    static let prices: [(prefix: String, price: Price)] = [
        ("claude-fable-5-1", Price(10_000, 50_000, write: 20_000, read: 250)),
        ("claude-mythos-5-1", Price(10_000, 50_000, write: 20_000, read: 250)),
        ("claude-fable-5", Price(10_000, 50_000, write: 20_000, read: 1000)),
        ("claude-mythos-5", Price(10_000, 50_000, write: 20_000, read: 1000)),
        ("claude-opus-5-5", Price(4000, 20_000, write: 8000, read: 200)),
        ("claude-opus-5", Price(5000, 25_000, write: 10_000, read: 500)),
        ("claude-opus-4-8", Price(5000, 25_000, write: 10_000, read: 500)),
        ("claude-opus-4-7", Price(5000, 25_000, write: 10_000, read: 500)),
        ("claude-opus-4-6", Price(5000, 25_000, write: 10_000, read: 500)),
        ("claude-opus-4-5", Price(5000, 25_000, write: 10_000, read: 500)),
        ("claude-opus-4", Price(15_000, 75_000, write: 30_000, read: 1500)),
        ("claude-3-opus", Price(15_000, 75_000, write: 30_000, read: 1500)),
        ("claude-sonnet-5-5", Price(2000, 10_000, write: 4000, read: 100)),
        ("claude-sonnet-5", Price(2000, 10_000, write: 4000, read: 200)),
        ("claude-sonnet-4", Price(3000, 15_000, write: 6000, read: 300)),
        ("claude-3-7-sonnet", Price(3000, 15_000, write: 6000, read: 300)),
        ("claude-3-5-sonnet", Price(3000, 15_000, write: 6000, read: 300)),
        ("claude-haiku-5-5", Price(500, 2500, write: 1000, read: 50)),
        ("claude-haiku-4-5", Price(1000, 5000, write: 2000, read: 100)),
        ("claude-3-5-haiku", Price(800, 4000, write: 1600, read: 80)),
        ("claude-3-haiku", Price(250, 1250, write: 500, read: 30)),
    ]

    /// What a model costs that isn't in the table: of each kind of token the highest price.
    public static let dearest = highest { _ in true }

    /// The price of a model; of a bare class such as `opus` the dearest of the class; of anything else the dearest of all.
    public static func price(of model: String) -> Price {
        let name = model.lowercased()
        // Other vendors of the same models put their own name, or a region, before it.
        var rest = name[...]
        while !rest.isEmpty, !rest.hasPrefix("claude-") { rest = rest.dropFirst() }
        let fitting = prices.filter { rest.hasPrefix($0.prefix) }
        if let longest = fitting.max(by: { $0.prefix.utf8.count < $1.prefix.utf8.count }) { return longest.price }
        guard let family = ModelClass.name(of: name) else { return dearest }
        return highest { $0.hasSuffix("-" + family) || $0.hasPrefix("claude-\(family)-") }
    }

    /// What these tokens cost, in micro-dollars.
    public static func cost(of usage: Usage, model: String) -> UInt64 { price(of: model).cost(of: usage) }

    private static func highest(_ isMeant: (String) -> Bool) -> Price {
        let meant = prices.filter { isMeant($0.prefix) }.map(\.price)
        var price = Price(0, 0, write: 0, read: 0)
        for one in meant.isEmpty ? prices.map(\.price) : meant {
            price.input = max(price.input, one.input)
            price.output = max(price.output, one.output)
            price.cacheWrite = max(price.cacheWrite, one.cacheWrite)
            price.cacheRead = max(price.cacheRead, one.cacheRead)
        }
        return price
    }
}
