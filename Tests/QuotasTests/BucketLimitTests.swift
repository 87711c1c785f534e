import ClusterModel
import Quotas
import Testing

@Suite("Limits of buckets")
struct BucketLimitTests {
    @Test(
        "Every limit reads back as it is written",
        arguments: [
            "60/min", "60/min,burst=6", "60/min,burst=6,reserve=10%,shadow", "concurrency=20", "100/30s", "1/day",
            "5000/h,burst=5000,reserve=2.5%", "concurrency=3,reserve=99.9%", "7/1500ms", "20/2s,shadow",
        ])
    func roundTrip(text: String) throws {
        let limit = try BucketLimit(name: "claude.requests", parsing: text)
        #expect(limit.description == text)
        #expect(try BucketLimit(name: "claude.requests", parsing: limit.description) == limit)
    }

    @Test("A rate without a burst has what arrives in a second, at least one")
    func defaultBurst() throws {
        #expect(try BucketLimit(name: "a", parsing: "60/min").burst == 1)
        #expect(try BucketLimit(name: "a", parsing: " 400000/min , reserve=10% ").burst == 6666)
        #expect(try BucketLimit(name: "a", parsing: "1/day").burst == 1)
        #expect(try BucketLimit(name: "a", parsing: "6000/min,burst=100").description == "6000/min")
    }

    @Test(
        "What no call could pass, or nobody can read, is refused in words",
        arguments: [
            ("0/min", "the limit is 0"), ("60/min,burst=0", "the burst is 0"),
            ("60/min,reserve=100%", "less than 100%"),
            ("60/week", "no window"), ("60/", "no window"), ("60", "neither a rate"), ("", "neither a rate"),
            ("-5/min", "no whole number"), ("+5/min", "no whole number"), ("x/min", "no whole number"),
            ("60/min,reserve=10", "no part"), ("60/min,reserve=1.25%", "no part"), ("60/min,reserve=-1%", "no part"),
            ("60/min,burts=6", "unknown"), ("60/min,shadow,shadow", "there twice"), ("60/min,", "unknown"),
            ("concurrency=0", "the concurrency is 0"), ("concurrency=5,burst=2", "no burst"),
            ("9999999999999/min", "must be 1 to"), ("99999999999999999999/min", "no whole number"), ("60/0s", "window"),
            ("60/32day", "window"), ("60/99999999999999day", "window"),
        ])
    func refused(text: String, words: String) {
        let error = #expect(throws: BucketLimitError.self) { try BucketLimit(name: "jira.requests", parsing: text) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("jira.requests") == true)
    }

    @Test("Names that can't be written down are refused", arguments: ["", "a b", "a,b", "a=b", "ä"])
    func names(name: String) {
        #expect(throws: BucketLimitError.self) { try BucketLimit(name: name, parsing: "60/min") }
    }

    @Test("The initialiser refuses what the text can't say")
    func numbers() {
        #expect(throws: BucketLimitError.self) {
            try BucketLimit(name: "a", kind: .concurrency(most: 1), reservePerMille: -1)
        }
        #expect(throws: BucketLimitError.self) {
            try BucketLimit(name: "a", kind: .rate(amount: 1, window: 0, burst: 1))
        }
        #expect(throws: BucketLimitError.self) {
            try BucketLimit(name: "a", kind: .rate(amount: 1, window: 1, burst: .max))
        }
    }
}
