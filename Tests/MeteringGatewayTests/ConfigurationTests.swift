import Logging
import Testing

@testable import MeteringGateway

@Suite struct ConfigurationTests {
    private func proxy(_ environment: [String: String], _ url: String) throws -> String? {
        try ProxySettings(environment: environment).proxy(for: UpstreamAddress(url, of: "claude")).map {
            "\($0.host):\($0.port)"
        }
    }

    @Test func theProxyHangsOnSchemeAndHost() throws {
        let both = ["HTTPS_PROXY": "http://secure:3128", "http_proxy": "plain:8080", "HTTP_PROXY": "http://other"]
        #expect(try proxy(both, "https://api.anthropic.com") == "secure:3128")
        #expect(try proxy(both, "http://api.example.com/x") == "plain:8080")
        #expect(try proxy(["HTTPS_PROXY": ""], "https://api.anthropic.com") == nil)
        for host in ["localhost", "127.0.0.1:8080", "[::1]:80"] { #expect(try proxy(both, "http://\(host)") == nil) }
        for exceptions in [
            "*", "api.anthropic.com", " anthropic.com ", ".anthropic.com", "*.anthropic.com", "a,API.anthropic.com:443",
        ] {
            #expect(
                try proxy(both.merging(["NO_PROXY": exceptions]) { $1 }, "https://api.anthropic.com") == nil,
                "\(exceptions)")
        }
        for exceptions in ["", "thropic.com", "anthropic.com.evil", "api.anthropic.com:80", "www.anthropic.com"] {
            #expect(
                try proxy(both.merging(["NO_PROXY": exceptions]) { $1 }, "https://api.anthropic.com") != nil,
                "\(exceptions)")
        }
        let login = try #require(
            try ProxySettings(environment: ["HTTPS_PROXY": "http://me:p%40ss@host"]).proxy(
                for: UpstreamAddress("https://a", of: "claude")))
        #expect(login.user == "me" && login.password == "p@ss" && login.port == 80)
    }

    @Test func aProxyThatCantBeUsedIsRefusedWithoutItsPassword() {
        for text in ["socks5://me:hidden@host:1", "https://me:hidden@host", "http://"] {
            do {
                _ = try proxy(["HTTPS_PROXY": text], "https://api.anthropic.com")
                Issue.record("\(text) was taken")
            } catch { #expect(!"\(error)".contains("hidden") && error is GatewayConfigurationError) }
        }
    }

    @Test func baseURLsAreLookedAt() throws {
        #expect(try UpstreamAddress("https://API.example.com/v/", of: "x").base == "https://API.example.com/v")
        #expect(try UpstreamAddress("http://[::1]:8080", of: "x").host == "::1")
        for text in ["", "api.example.com", "ftp://a", "http://", "https://a:b@c", "https://a?b", "https://a#b", "/v1"]
        {
            #expect(throws: GatewayConfigurationError.self) { try UpstreamAddress(text, of: "x") }
        }
    }

    static let refused: [@Sendable (inout GatewayConfiguration) -> Void] = [
        { $0.credential = .apiKey("") }, { $0.credential = .bearer("") }, { $0.credential = .apiKey("a\r\nb: c") },
        { $0.claudeBaseURL = "nowhere" }, { $0.upstreams = [NamedUpstream(name: "claude", baseURL: "http://a")] },
        { $0.upstreams = [NamedUpstream(name: "a b", baseURL: "http://a")] },
        { $0.upstreams = Array(repeating: NamedUpstream(name: "a", baseURL: "http://a"), count: 2) },
        { $0.upstreams = (0..<40).map { NamedUpstream(name: "a\($0)", baseURL: "http://a") } },
        {
            $0.upstreams = [
                NamedUpstream(name: "a", baseURL: "http://a", credentialHeader: "a b", credentialValue: "c")
            ]
        },
        { $0.proxies.https = "socks5://host" }, { $0.spoolDirectory = "/dev/null/spool" },
    ]

    @Test(arguments: refused.indices) func whatCantWorkIsRefused(index: Int) async throws {
        var configuration = GatewayConfiguration(credential: .apiKey("k"), spoolDirectory: "/tmp")
        Self.refused[index](&configuration)
        let given = configuration
        await #expect(throws: GatewayConfigurationError.self) {
            let gateway = try await MeteringGateway.start(
                given, permits: RecordingPermits(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await gateway.shutdown()
        }
    }

    @Test func nothingShowsASecret() {
        let key = "hidden"
        let shown: [Any] = [
            UpstreamCredential.apiKey(key), UpstreamCredential.bearer(key),
            NamedUpstream(name: "a", baseURL: "http://a", credentialValue: key),
            InstanceAccess(baseURL: "http://127.0.0.1/i/\(key)", key: key, upstreamURLs: ["a": key]),
        ]
        for value in shown {
            #expect(!"\(value)".contains(key) && !String(reflecting: value).contains(key))
        }
    }
}
