import HTTPTypes
import Testing

@testable import MeteringGateway

@Suite struct RoutingTests {
    static let routes: [(method: HTTPRequest.Method, path: String, expected: String?)] = [
        (.post, "/i/w/v1/messages?beta=true", "w claude messages /v1/messages?beta=true"),
        (.post, "/i/w/v1/messages", "w claude messages /v1/messages"),
        (.post, "/i/w/extra/v1/messages", "w claude messages /extra/v1/messages"),
        (.post, "/i/w/v1/messages/count_tokens", "w claude count_tokens /v1/messages/count_tokens"),
        (.post, "/i/w/v1/messages/batches", "w claude other /v1/messages/batches"),
        (.get, "/i/w/v1/messages", "w claude other /v1/messages"), (.get, "/i/w", "w claude other /"),
        (.get, "/i/w?a=/i/../b", "w claude other /?a=/i/../b"), (.get, "/i/w/up", "w claude other /up"),
        (.get, "/i/w/up/jira/rest/a%20b?x", "w jira read /rest/a%20b?x"), (.post, "/i/w/up/jira", "w jira write /"),
        (.head, "/i/w/up/github/", "w github read /"), (.delete, "/i/w/up/github/a", "w github write /a"),
        (.get, "/i/w/up//a", nil), (.get, "/i/w/up/claude/v1", nil), (.get, "/i//v1", nil), (.get, "i/w/v1", nil),
        (.get, "", nil), (.get, "/i/w/../x", nil), (.get, "/i/w/a/%2E./x", nil), (.get, "/i/w/.", nil),
        (.get, "/i/w/.../x", "w claude other /.../x"), (.connect, "/i/w/v1", nil), (.trace, "/i/w/v1", nil),
        (.get, "http://127.0.0.1/i/w/v1", nil), (.get, "*", nil),
    ]

    @Test(arguments: routes.indices) func leadsWhereThePathSays(index: Int) {
        let row = Self.routes[index]
        let route = CallRoute(method: row.method, path: row.path)
        #expect(route.map { "\($0.pathWord) \($0.service) \($0.endpoint) \($0.target)" } == row.expected)
    }

    @Test func repeatsWhatMayBeRepeated() {
        func judge(_ service: String, _ endpoint: String, _ status: Int?, _ headers: [String: String] = [:])
            -> RepeatRule
        {
            RepeatRule.judge(
                MeteredCall(instance: "i", service: service, endpoint: endpoint, bodyBytes: 0), status: status
            ) { headers[$0] }
        }
        for status in [500, 502, 503, 504, 529, nil] {
            #expect(judge("claude", "messages", status) == .failed && judge("jira", "read", status) == .failed)
            #expect(judge("jira", "write", status) == .pass)
        }
        for (service, endpoint) in [("claude", "other"), ("jira", "read"), ("jira", "write")] {
            #expect(judge(service, endpoint, 429) == .limited)
            for status in [200, 400, 401, 403, 404, 413, 501] { #expect(judge(service, endpoint, status) == .pass) }
        }
        #expect(judge("github", "write", 403, ["x-ratelimit-remaining": "0"]) == .limited)
        #expect(judge("github", "read", 403, ["retry-after": "60"]) == .limited)
        #expect(judge("github", "read", 403, ["x-ratelimit-remaining": "9"]) == .pass)
        #expect(judge("claude", "messages", 403, ["retry-after": "60"]) == .pass)
    }

    @Test func secretsAreComparedWhole() {
        #expect(Secrets.equal("abc", "abc") && Secrets.equal("", ""))
        for wrong in ["", "ab", "abcd", "abd", "ABC"] { #expect(!Secrets.equal(wrong, "abc")) }
        #expect(Secrets.hex(bytes: 24).utf8.count == 48 && Secrets.hex(bytes: 24) != Secrets.hex(bytes: 24))
        #expect(Secrets.key(inAuthorization: "Bearer a b") == "a b" && Secrets.key(inAuthorization: "token k") == "k")
        #expect(Secrets.key(inAuthorization: "Basic bWU6aTp0") == "i:t")
        for nonsense in ["", "Bearer", "Basic ???", "Basic bWU=", "Digest k"] {
            #expect(Secrets.key(inAuthorization: nonsense) == nil)
        }
    }
}
