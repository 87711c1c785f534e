import ClusterModel
import Quotas
import Testing

@Suite("Names of buckets")
struct BucketNameTests {
    @Test(
        "Every name reads back as it is written",
        arguments: [
            ("claude.requests", "claude", .requests, nil), ("jira.requests", "jira", .requests, nil),
            ("github.read", "github", .read, nil), ("my-api2.write", "my-api2", .write, nil),
            ("jira.concurrency", "jira", .concurrency, nil), ("claude.read", "claude", .read, nil),
            ("claude.input_tokens", "claude", .inputTokens, nil), ("claude.tokens", "claude", .tokens, nil),
            ("claude.output_tokens.opus", "claude", .outputTokens, "opus"),
            ("claude.count_tokens", "claude", .countTokens, nil),
            ("claude.requests.sonnet-4-5", "claude", .requests, "sonnet-4-5"),
            ("claude.concurrency.haiku", "claude", .concurrency, "haiku"),
        ] as [(String, String, BucketName.Kind, String?)])
    func names(text: String, service: String, kind: BucketName.Kind, modelClass: String?) throws {
        let name = try BucketName(parsing: text)
        #expect(name.service == service)
        #expect(name.kind == kind)
        #expect(name.modelClass == modelClass)
        #expect(name.description == text)
        #expect(try BucketName(service: service, kind: kind, modelClass: modelClass) == name)
        #expect(throws: Never.self) { try BucketLimit(name: text, parsing: "concurrency=1") }
    }

    @Test(
        "A name that no call draws from is refused in words",
        arguments: [
            ("claude.foo", "'foo' can't be limited: claude has requests, concurrency, read, write, input_tokens"),
            ("jira.foo", "'foo' can't be limited: jira has requests, concurrency, read, write"),
            ("jira.input_tokens", "input_tokens is of claude alone: jira has requests, concurrency, read, write"),
            ("claude", "a name is a service and what is limited"), ("", "a name is a service and what is limited"),
            (".requests", "a name is a service and what is limited"),
            ("claude.requests.sonnet.x", "a name is a service and what is limited"),
            ("Claude.requests", "a name is a service and what is limited"),
            ("my_api.requests", "a name is a service and what is limited"),
            ("claude.Requests", "'Requests' can't be limited"), ("claude.", "'' can't be limited"),
            ("jira.requests.sonnet", "jira.requests has no limits for classes of models: take .sonnet out"),
            ("claude.read.sonnet", "claude.read has no limits for classes of models"),
            ("claude.requests.", "a class of models is named by"),
            ("claude.requests.Sonnet", "a class of models is named by"),
        ])
    func refused(text: String, words: String) {
        let error = #expect(throws: BucketLimitError.self) { try BucketName(parsing: text) }
        #expect(error?.message.hasPrefix("bucket '\(text)': ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("Parts are held to the same rules as the text")
    func parts() {
        #expect(throws: BucketLimitError.self) { try BucketName(service: "a.b", kind: .requests) }
        #expect(throws: BucketLimitError.self) { try BucketName(service: "jira", kind: .tokens) }
        #expect(throws: BucketLimitError.self) { try BucketName(service: "jira", kind: .requests, modelClass: "x") }
        let long = String(repeating: "x", count: Limits.nameBytes)
        let error = #expect(throws: BucketLimitError.self) { try BucketName(service: long, kind: .requests) }
        #expect(error?.message.contains("over \(Limits.nameBytes) bytes") == true)
    }

    @Test("What is held takes no rate, and what is spent no number held")
    func limitsThatFit() throws {
        let held = try BucketName(parsing: "claude.concurrency")
        let spent = try BucketName(parsing: "claude.requests.opus")
        let rate = try BucketLimit(name: "a", parsing: "60/min")
        let most = try BucketLimit(name: "a", parsing: "concurrency=20")
        try held.check(most)
        try spent.check(rate)
        let first = #expect(throws: BucketLimitError.self) { try held.check(rate) }
        #expect(
            first?.message
                == "bucket claude.concurrency: '60/min' is a rate: write how many at once, such as concurrency=20")
        let second = #expect(throws: BucketLimitError.self) { try spent.check(most) }
        #expect(
            second?.message
                == "bucket claude.requests.opus: 'concurrency=20' is no rate such as 60/min: claude.concurrency.opus limits calls at once"
        )
    }
}
