import ClusterModel
import HTTPTypes
import NIOHTTP1
import Testing

@testable import MeteringGateway

@Suite struct HeaderTests {
    /// Tue, 24 Nov 2026 12:00:00 GMT.
    static let noon = WallTime(milliseconds: 1_795_521_600_000)

    private func headers(_ values: [String: String]) -> LimitHeaders { LimitHeaders(now: Self.noon) { values[$0] } }

    static let moments: [(text: String, milliseconds: Int64?)] = [
        ("2026-11-24T12:00:00Z", 1_795_521_600_000), ("2026-11-24T12:00:00.25Z", 1_795_521_600_250),
        ("2026-11-24t13:00:00+01:00", 1_795_521_600_000), ("2026-11-24T12:00Z", 1_795_521_600_000),
        ("2026-11-24T06:30:00-0530", 1_795_521_600_000), ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T00:00:00Z", 951_782_400_000), ("2026-11-24T12:00:00.123456789Z", 1_795_521_600_123),
        ("2026-13-24T12:00:00Z", nil), ("2026-11-24T25:00:00Z", nil), ("2026-11-24", nil), ("2026-11-24T12:00:00", nil),
        ("2026-11-24T12:00:00Zx", nil), ("soon", nil), ("", nil), ("2026-11-24T12:00:00.Z", nil),
    ]

    @Test(arguments: moments.indices) func readsMoments(index: Int) {
        #expect(CalendarTime.rfc3339(Self.moments[index].text)?.milliseconds == Self.moments[index].milliseconds)
    }

    @Test func readsHTTPDates() {
        #expect(CalendarTime.httpDate("Tue, 24 Nov 2026 12:00:00 GMT") == Self.noon)
        #expect(CalendarTime.httpDate("Sun, 06 Nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
        for text in [
            "Tue, 24 Nov 2026 12:00:00", "Tue, 24 Foo 2026 12:00:00 GMT", "Tue, 24 Nov 2026 12:00 GMT", "", "12",
        ] {
            #expect(CalendarTime.httpDate(text) == nil)
        }
    }

    static let waits: [(text: String, wait: Milliseconds?)] = [
        ("0", 0), ("2", 2_000), ("1.5", 1_500), ("61", 61_000), ("999999999", LimitHeaders.longestWait),
        ("99999999999999999999999999", LimitHeaders.longestWait), ("-3", nil), ("soon", nil), ("", nil), ("1e3", nil),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60_000), ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2036 11:00:00 GMT", LimitHeaders.longestWait), ("nan", nil), ("1.2.3", nil),
    ]

    @Test(arguments: waits.indices) func readsRetryAfter(index: Int) {
        #expect(headers(["retry-after": Self.waits[index].text]).retryAfter == Self.waits[index].wait)
    }

    @Test func readsTheWordsOfClaude() {
        let values = [
            "date": "Tue, 24 Nov 2026 13:00:00 GMT", "anthropic-ratelimit-requests-limit": "60",
            "anthropic-ratelimit-requests-remaining": "59",
            "anthropic-ratelimit-requests-reset": "2026-11-24T13:00:01Z",
            "anthropic-ratelimit-input-tokens-limit": "1000000", "anthropic-ratelimit-input-tokens-remaining": "-4",
            "anthropic-ratelimit-output-tokens-reset": "yesterday", "anthropic-ratelimit-tokens-remaining": "7000",
        ]
        #expect(
            headers(values).words(service: "claude") == [
                ServiceWord(limit: "requests", amount: 60, remaining: 59, fullIn: 1_000),
                ServiceWord(limit: "input_tokens", amount: 1_000_000, roundedTo: 1000),
                ServiceWord(limit: "tokens", remaining: 7000, roundedTo: 1000),
            ])
        #expect(headers([:]).words(service: "claude").isEmpty && headers([:]).words(service: "github").isEmpty)
    }

    @Test func readsTheWordsOfOthers() {
        let jira = headers([
            "x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-24T12:00:09Z",
        ])
        #expect(
            jira.words(service: "jira") == [ServiceWord(limit: "requests", amount: 100, remaining: 0, fullIn: 9_000)])
        #expect(jira.retryAfter(service: "jira") == 9_000 && jira.retryAfter(service: "claude") == nil)
        let github = headers([
            "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795521615", "x-ratelimit-resource": "search",
        ])
        #expect(github.words(service: "github").map(\.limit) == ["search"])
        #expect(github.retryAfter(service: "github") == 15_000)
        #expect(
            headers(["x-ratelimit-reset": "30", "x-ratelimit-resource": "a b"]).words(service: "github") == [
                ServiceWord(limit: "requests", fullIn: 30_000)
            ])
    }

    @Test func passesEverythingButItsOwn() throws {
        var fields = HTTPFields()
        let given = [
            ("anthropic-beta", "a"), ("anthropic-beta", "b"), ("connection", "keep-alive, X-Hop"), ("x-hop", "1"),
            ("authorization", "Bearer instance"), ("x-api-key", "instance"), ("accept-encoding", "gzip"),
            ("te", "trailers"),
            ("content-length", "5"), ("x-claude-code-session-id", "s"), ("expect", "100-continue"),
        ]
        for (name, value) in given { fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
        let headers = HeaderRules.upstream(fields, credential: ("x-api-key", "real"))
        #expect(
            headers.map { "\($0.name): \($0.value)" } == [
                "anthropic-beta: a", "anthropic-beta: b", "x-claude-code-session-id: s", "accept-encoding: identity",
                "x-api-key: real",
            ])
        let answer = HeaderRules.answer(
            HTTPHeaders([
                ("Set-Cookie", "a"), ("set-cookie", "b"), ("transfer-encoding", "chunked"), ("connection", "close"),
            ]),
            to: .get)
        #expect(answer.map(\.value) == ["a", "b"])
        #expect(HeaderRules.answer(HTTPHeaders(), to: .head)[.contentLength] == "0")
    }
}
