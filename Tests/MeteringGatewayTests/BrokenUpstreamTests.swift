import AsyncHTTPClient
import MeteringGateway
import Testing

@Suite(.timeLimit(.minutes(1))) struct BrokenUpstreamTests {
    private static func isReported(_ report: CallReport, as type: String) -> Bool {
        report.status == nil && report.isCut && report.errorType == type
    }

    @Test func nonsenseIsABrokenConnection() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.send("this is no HTTP\r\n\r\n")
        }
        try await withGateway(to: upstream.url) {
            $0.limits.repeats = 2
        } _: { scene async throws in
            let answer = try await scene.message("hello")
            #expect(answer.status == 502 && answer.text.contains(#""type":"api_error""#))
            let state = scene.permits.state.now
            #expect(state.backOffs == [1, 2] && state.reports.count == 3)
            #expect(state.reports.allSatisfy { Self.isReported($0, as: GatewayErrorType.connection) })
        }
    }

    @Test func silenceEndsAtItsLimit() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.waitUntilLeft()
        }
        try await withGateway(to: upstream.url) {
            $0.limits.repeats = 0
            $0.limits.idleTimeout = 2_000
        } _: { scene async throws in
            #expect(try await scene.message("hello").status == 502)
            #expect(scene.permits.state.now.reports.count == 1)
            #expect(scene.permits.state.now.reports.allSatisfy { Self.isReported($0, as: GatewayErrorType.silence) })
            await upstream.state.wait { $0.left == 1 }
        }
    }

    @Test func silenceInTheMiddleCutsTheStream() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.beginStream()
            connection.event(Events.start(input: 12))
            connection.waitUntilLeft()
        }
        try await withGateway(to: upstream.url) {
            $0.limits.idleTimeout = 2_000
        } _: { scene async throws in
            let response = try await scene.open(scene.request(body: GatewayScene.body("hello")))
            await #expect(throws: (any Error).self) { for try await _ in response.body {} }
            let report = try #require(scene.permits.state.now.reports.first)
            #expect(report.isCut && report.errorType == GatewayErrorType.silence && report.usage.input == 12)
        }
    }

    @Test func aConnectionThatBreaksIsTriedAgain() async throws {
        let upstream = try RawUpstream { connection, number in
            connection.request()
            switch number {
            case 0: return
            case 1: connection.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
            case 2: connection.send("HTTP/1.1 500 Oh\r\ncontent-length: 10\r\n\r\n{")
            default: connection.answer("200 OK", body: "{}")
            }
        }
        try await withGateway(to: upstream.url) { scene async throws in
            #expect(try await scene.message("hello").text == "{}")
            let state = scene.permits.state.now
            #expect(state.reports.map(\.status) == [nil, 200, 500, 200])
            #expect(state.reports.map(\.isCut) == [true, true, true, false] && state.backOffs == [1, 2, 3])
        }
    }

    @Test func anUpstreamThatIsNotThereIsNamed() async throws {
        try await withGateway(to: "http://127.0.0.1:1") {
            $0.limits.repeats = 0
        } _: { scene async throws in
            let answer = try await scene.message("hello")
            #expect(answer.status == 502 && answer.text.contains("The service claude"))
            #expect(scene.permits.state.now.reports.count == 1)
        }
    }

    @Test func aLongErrorIsPassedOnWhole() async throws {
        let long = String(repeating: "e", count: 3 << 20)
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.answer("418 Teapot", body: long)
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let answer = try await scene.message("hello")
            #expect(answer.status == 418 && answer.text == long)
        }
    }
}
