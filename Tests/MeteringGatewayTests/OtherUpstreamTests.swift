import AsyncHTTPClient
import MeteringGateway
import Testing

@Suite(.timeLimit(.minutes(1))) struct OtherUpstreamTests {
    private func withOthers(
        _ script: @escaping @Sendable (RawConnection, Int) -> Void,
        _ body: (GatewayScene, RawUpstream) async throws -> Void
    ) async throws {
        let upstream = try RawUpstream(script)
        try await withGateway(to: "http://127.0.0.1:1") {
            $0.upstreams = [
                NamedUpstream(name: "jira", baseURL: upstream.url + "/jira", credentialValue: "Basic bWU6aXQ="),
                NamedUpstream(
                    name: "github", baseURL: upstream.url, credentialHeader: "Private-Token",
                    credentialValue: "ghp_real"),
            ]
        } _: {
            try await body($0, upstream)
        }
    }

    private func call(_ scene: GatewayScene, _ service: String, _ method: String, _ path: String) async throws
        -> GatewayScene.Answer
    {
        let base = try #require(scene.access.upstreamURLs[service])
        return try await scene.send(
            scene.request(
                .init(rawValue: method), path, base: base,
                headers: [("authorization", "token \(scene.access.key)"), ("private-token", "mine")],
                body: method == "POST" ? "{}" : nil))
    }

    @Test func eachHasItsPathAndCredential() async throws {
        try await withOthers { connection, _ in
            while connection.request() != nil { connection.answer("200 OK", body: "{}") }
        } _: { scene, upstream async throws in
            #expect(try await call(scene, "jira", "GET", "/rest/api/3/issue?fields=a%2Fb").status == 200)
            #expect(try await call(scene, "github", "POST", "/repos").status == 200)
            let requests = upstream.state.now.requests
            #expect(
                requests.map(\.line) == ["GET /jira/rest/api/3/issue?fields=a%2Fb HTTP/1.1", "POST /repos HTTP/1.1"])
            #expect(requests[0].headers["authorization"] == "Basic bWU6aXQ=")
            #expect(requests[1].headers["private-token"] == "ghp_real" && requests[1].headers["authorization"] == nil)
            let asked = scene.permits.state.now.asked
            #expect(asked.map(\.service) == ["jira", "github"] && asked.map(\.endpoint) == ["read", "write"])
        }
    }

    @Test func aLimitThatWasHitIsRepeatedEvenForWrites() async throws {
        try await withOthers { connection, _ in
            connection.request()
            connection.answer(
                "403 Forbidden",
                headers: [
                    "date: Tue, 24 Nov 2026 12:00:00 GMT", "x-ratelimit-limit: 5000", "x-ratelimit-remaining: 0",
                    "x-ratelimit-reset: 1795521630", "x-ratelimit-resource: core",
                ], body: #"{"message":"API rate limit exceeded"}"#)
            connection.request()
            connection.answer("429 Too Many", headers: ["retry-after: 3"])
            connection.request()
            connection.answer("201 Created", body: "{}")
        } _: { scene, _ async throws in
            #expect(try await call(scene, "github", "POST", "/repos").status == 201)
            let reports = scene.permits.state.now.reports
            #expect(reports.map(\.status) == [403, 429, 201])
            #expect(reports.map(\.retryAfter) == [30_000, 3_000, nil])
            #expect(reports.map(\.errorType) == [GatewayErrorType.limited, GatewayErrorType.limited, ""])
            #expect(
                reports[0].words == [ServiceWord(limit: "core", amount: 5000, remaining: 0, fullIn: 30_000)])
        }
    }

    @Test func aWriteThatMayHaveBeenCarriedOutIsNotRepeated() async throws {
        try await withOthers { connection, number in
            connection.request()
            if number == 1 { connection.answer("503 Away", body: "away") }
        } _: { scene, upstream async throws in
            #expect(try await call(scene, "jira", "POST", "/rest/api/3/issue").status == 502)
            let second = try await call(scene, "jira", "POST", "/rest/api/3/issue")
            #expect(second.status == 503 && second.text == "away")
            #expect(upstream.state.now.requests.count == 2 && scene.permits.state.now.backOffs.isEmpty)
        }
    }

    @Test func aReadIsRepeatedAfterAnything() async throws {
        try await withOthers { connection, number in
            connection.request()
            if number == 1 { connection.answer("503 Away", headers: ["connection: close"]) }
            if number == 2 { connection.answer("403 Forbidden", headers: ["connection: close"], body: "no") }
        } _: { scene, upstream async throws in
            let answer = try await call(scene, "jira", "GET", "/rest/api/3/issue/1")
            #expect(answer.status == 403 && answer.text == "no")
            #expect(upstream.state.now.requests.count == 3 && scene.permits.state.now.backOffs == [1, 2])
        }
    }
}
