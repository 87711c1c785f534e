import AsyncHTTPClient
import Foundation
import MeteringGateway
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct RefusalTests {
    private func upstream() throws -> RawUpstream {
        try RawUpstream { connection, _ in
            while connection.request() != nil { connection.answer("200 OK", body: "{}") }
        }
    }

    @Test func aWrongPathOrKeyReachesNothing() async throws {
        let upstream = try upstream()
        try await withGateway(to: upstream.url) { scene async throws in
            let base = "http://127.0.0.1:\(scene.gateway.port)"
            let word = try #require(scene.access.baseURL.split(separator: "/").last)
            let wrong = String(word.dropLast()) + (word.last == "0" ? "1" : "0")
            let paths = [
                "/", "/v1/messages", "/i/", "/i/\(wrong)/v1/messages", "/i/\(word.dropLast())/v1/messages",
                "/i/\(word)/up/jira/rest", "/i/\(word)/up/claude/v1/messages", "/i/\(word)/%2e%2E/secret",
                "/x/\(word)/v1/messages",
            ]
            for path in paths {
                let answer = try await scene.send(scene.request(.POST, path, base: base, body: "{}"))
                #expect(answer.status == 404, "\(path.count) bytes of path")
                #expect(answer.text.contains(#""type":"not_found_error""#))
            }
            #expect(scene.gateway.counts.refusedPaths == paths.count)

            let keys: [[(String, String)]] = [
                [], [("x-api-key", "")], [("x-api-key", scene.access.key + "0")],
                [("x-api-key", String(scene.access.key.dropLast()))], [("authorization", scene.access.key)],
                [("authorization", "Bearer \(GatewayScene.realKey)")],
            ]
            for headers in keys {
                #expect(try await scene.send(scene.request(headers: headers, body: "{}")).status == 404)
            }
            #expect(scene.gateway.counts.refusedKeys == keys.count)
            #expect(scene.permits.state.now.asked.isEmpty)
            #expect(upstream.state.now.connections == 0)
        }
    }

    @Test func eachFormOfTheKeyOpens() async throws {
        let upstream = try upstream()
        try await withGateway(to: upstream.url) { scene async throws in
            let key = scene.access.key
            let basic = Data("me@example.com:\(key)".utf8).base64EncodedString()
            for header in [
                ("x-api-key", key), ("authorization", "Bearer \(key)"), ("authorization", "token \(key)"),
                ("authorization", "Basic \(basic)"),
            ] {
                #expect(try await scene.send(scene.request(headers: [header], body: "{}")).status == 200)
            }
            for request in upstream.state.now.requests {
                #expect(request.headers["x-api-key"] == GatewayScene.realKey)
                #expect(request.headers["authorization"] == nil)
            }
        }
    }

    @Test func anInstanceThatWasPutOutIsNotLetIn() async throws {
        let upstream = try upstream()
        try await withGateway(to: upstream.url) { scene async throws in
            scene.gateway.unregister(instance: "3.2")
            #expect(try await scene.message("hello").status == 404)
            // Another one of that name has an access of its own.
            let other = scene.gateway.register(instance: "3.2")
            #expect(other.baseURL != scene.access.baseURL && other.key != scene.access.key)
            #expect(try await scene.message("hello").status == 404)
            #expect(upstream.state.now.connections == 0)
        }
    }

    @Test(arguments: [true, false]) func aBodyOverTheLimitIsRefused(isAnnounced: Bool) async throws {
        let upstream = try upstream()
        try await withGateway(to: upstream.url) { scene async throws in
            var request = scene.request()
            let length = 32 * 1024 * 1024 + 1
            let chunk = ByteBuffer(repeating: 0x61, count: 1024 * 1024)
            let chunks = Array(repeating: chunk, count: 32) + [ByteBuffer(string: "a")]
            request.body = .stream(
                AsyncStream { continuation in
                    for chunk in chunks { continuation.yield(chunk) }
                    continuation.finish()
                }, length: isAnnounced ? .known(Int64(length)) : .unknown)
            let answer = try await scene.send(request)
            #expect(answer.status == 413)
            #expect(answer.text.contains("request_too_large") && answer.text.contains("33554432 bytes"))
            #expect(scene.permits.state.now.asked.isEmpty && upstream.state.now.connections == 0)
        }
    }

    @Test func aCallThatCanNeverBeMadeIsAnswered() async throws {
        let upstream = try upstream()
        try await withGateway(to: upstream.url, permits: RecordingPermits(.refuses("the task's budget is used up"))) {
            scene async throws in
            let answer = try await scene.message("hello")
            #expect(answer.status == 400 && answer.text.contains("the task's budget is used up"))
            #expect(upstream.state.now.connections == 0)
        }
    }

    @Test func openCallsHaveALimit() async throws {
        let upstream = try upstream()
        let permits = RecordingPermits(.waits)
        try await withGateway(to: upstream.url, permits: permits) {
            $0.limits.openCalls = 1
        } _: { scene async throws in
            let first = Task { try await scene.message("first").status }
            await permits.state.wait { $0.asked.count == 1 }
            let second = try await scene.message("second")
            #expect(second.status == 503 && second.text.contains("1 calls open"))
            permits.release()
            #expect(try await first.value == 200)
        }
    }
}
