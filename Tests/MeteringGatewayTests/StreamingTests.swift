import AsyncHTTPClient
import Foundation
import MeteringGateway
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    @Test func eventsComeOneByOne() async throws {
        let next = DispatchSemaphore(value: 0)
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.beginStream()
            connection.event(Events.start(input: 10, cacheCreation: 5, cacheRead: 7))
            next.wait()
            connection.event(Events.text("hello there"))
            next.wait()
            connection.event(Events.delta(output: 42))
            connection.event(Events.stop)
            connection.endStream()
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let response = try await scene.open(scene.request(body: GatewayScene.body("hello")))
            var read = ""
            var sent = 0
            for try await chunk in response.body {
                read += String(buffer: chunk)
                // The upstream goes on only after what it sent before was read here.
                if sent == 0, read.contains("message_start") {
                    sent = 1
                    next.signal()
                } else if sent == 1, read.contains("hello there") {
                    sent = 2
                    next.signal()
                }
            }
            #expect(sent == 2 && read.contains("message_stop"))
            let report = try #require(scene.permits.state.now.reports.first)
            #expect(report.usage == CallUsage(input: 15, output: 42, cacheRead: 7, cacheCreation: 5) && !report.isCut)
            #expect(
                scene.permits.state.now.progress.first
                    == CallUsage(input: 15, output: 1, cacheRead: 7, cacheCreation: 5))
        }
    }

    @Test func anErrorInsideAStreamIsNamed() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.beginStream()
            connection.event(Events.start(input: 10))
            connection.event(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
            connection.endStream()
        }
        try await withGateway(to: upstream.url) { scene async throws in
            #expect(try await scene.message("hello").text.contains("overloaded_error"))
            let report = try #require(scene.permits.state.now.reports.first)
            #expect(report.errorType == "overloaded_error" && report.status == 200 && !report.isCut)
        }
    }

    @Test func usageThatCantBeIsIgnored() async throws {
        let upstream = try RawUpstream { connection, number in
            connection.request()
            let usage = [#"{"input_tokens":-5,"output_tokens":"many","cache_read_input_tokens":1e30}"#, "17", "null"]
            connection.answer(
                "200 OK", headers: ["content-type: application/json", "connection: close"],
                body: #"{"usage":\#(usage[number])}"#)
        }
        try await withGateway(to: upstream.url) { scene async throws in
            for _ in 0..<3 { #expect(try await scene.message("hello", stream: false).status == 200) }
            #expect(scene.permits.state.now.reports.map(\.usage) == [CallUsage(), CallUsage(), CallUsage()])
            #expect(scene.gateway.counts.nonsenseUsage == 3)
        }
    }

    @Test func aLongBodyIsSpooledAndComesWholeEachTime() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.answer("529 Overloaded", body: "{}")
            connection.request()
            connection.answer("200 OK", body: "{}")
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let body = #"{"model":"claude-test","text":""# + String(repeating: "0123456789", count: 524_288) + #""}"#
            let headers = [("x-api-key", scene.access.key), ("expect", "100-continue")]
            #expect(try await scene.send(scene.request(headers: headers, body: body)).status == 200)
            let received = upstream.state.now.requests
            #expect(received.count == 2)
            for request in received { #expect(request.body.elementsEqual(body.utf8)) }
            #expect(scene.permits.state.now.asked.first?.model == "claude-test")
            #expect(scene.permits.state.now.asked.first?.bodyBytes == body.utf8.count)
            // A spooled file has no name.
            #expect(try FileManager.default.contentsOfDirectory(atPath: scene.spool).isEmpty)
        }
    }

    @Test func aBodyThatIsNoJSONIsForwarded() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.answer("200 OK", body: "fine")
        }
        try await withGateway(to: upstream.url + "/prefix/") { scene async throws in
            let answer = try await scene.send(scene.request(body: "model: claude"))
            #expect(answer.status == 200 && answer.text == "fine")
            let call = try #require(scene.permits.state.now.asked.first)
            #expect(call.model.isEmpty && call.maxOutput == 0 && call.bodyBytes == 13)
            let request = try #require(upstream.state.now.requests.first)
            #expect(request.line == "POST /prefix/v1/messages?beta=true HTTP/1.1")
            #expect(request.headers["accept-encoding"] == "identity")
            #expect(request.headers["host"] == "127.0.0.1:\(upstream.port)")
        }
    }

    @Test func anInstanceThatReadsSlowlyHoldsTheServiceBack() async throws {
        let sent = Watched(0)
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(1 << 30)\r\n\r\n")
            let bytes = connection.sendUntilHeldBack(atMost: 1 << 30)
            sent.change { $0 = bytes }
            connection.waitUntilLeft()
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let response = try await scene.open(scene.request(body: "{}"))
            let bytes = await sent.wait { $0 > 0 }
            // The rest is the buffers of four sockets.
            #expect(bytes < 64 << 20)
            withExtendedLifetime(response) {}
        }
    }

    @Test func answersWithoutABodyKeepTheirConnection() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.send("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
            connection.request()
            connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            connection.request()
            connection.send("HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n")
            connection.request()
            connection.answer("200 OK", body: "end")
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let head = try await scene.send(scene.request(.HEAD, "/v1/models"))
            #expect(head.status == 200 && head.headers.first(name: "content-length") == "900")
            #expect(try await scene.send(scene.request(.DELETE, "/v1/files/1")).status == 204)
            let unchanged = try await scene.send(scene.request(.GET, "/v1/models"))
            #expect(unchanged.status == 304 && unchanged.headers.first(name: "etag") == "\"a\"")
            #expect(try await scene.send(scene.request(.GET, "/v1/models")).text == "end")
            #expect(upstream.state.now.connections == 1)
            #expect(Set(scene.permits.state.now.asked.map(\.endpoint)) == ["other"])
        }
    }
}
