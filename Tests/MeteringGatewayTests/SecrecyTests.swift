import AsyncHTTPClient
import Foundation
import Logging
import MeteringGateway
import Testing

@Suite(.timeLimit(.minutes(1))) struct SecrecyTests {
    /// Keeps every line at every level.
    struct Keeper: LogHandler {
        let lines: Watched<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(event.metadata ?? [:]) \(metadata)"
            lines.change { $0.append(line) }
        }
    }

    @Test func noLogHoldsAKeyOrAPath() async throws {
        let upstream = try RawUpstream { connection, number in
            connection.request()
            if number == 0 { connection.answer("200 OK", headers: ["connection: close"], body: "{}") }
            if number == 1 { connection.send("nonsense \(GatewayScene.realKey)\r\n\r\n") }
        }
        let lines = Watched([String]())
        let logger = Logger(label: "test") { _ in Keeper(lines: lines) }
        try await withGateway(to: upstream.url, logger: logger) {
            $0.limits.repeats = 0
        } _: { scene async throws in
            #expect(try await scene.message("hello").status == 200)
            let broken = try await scene.message("hello")
            #expect(broken.status == 502 && !broken.text.contains(GatewayScene.realKey))
            #expect(try await scene.send(scene.request(headers: [("x-api-key", "wrong")])).status == 404)
            // The spool can't be written: that is logged.
            try FileManager.default.removeItem(atPath: scene.spool)
            let long = try await scene.send(scene.request(body: String(repeating: "a", count: 2 << 20)))
            #expect(long.status == 500 && long.text.contains("spool"))
            try FileManager.default.createDirectory(atPath: scene.spool, withIntermediateDirectories: false)
            #expect(lines.now.contains { $0.contains("spool") })
            let word = try #require(scene.access.baseURL.split(separator: "/").last).suffix(48)
            for line in lines.now {
                for secret in [scene.access.key, String(word), GatewayScene.realKey] { #expect(!line.contains(secret)) }
            }
        }
    }

    @Test func anHTTPSUpstreamIsReachedThroughTheProxy() async throws {
        let proxy = try RawUpstream { connection, _ in
            connection.request()
            connection.answer("502 Bad Gateway")
        }
        try await withGateway(to: "https://api.example.invalid") {
            $0.proxies = ProxySettings(environment: ["https_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"])
            $0.limits.repeats = 0
        } _: { scene async throws in
            #expect(try await scene.message("hello").status == 502)
            let request = try #require(proxy.state.now.requests.first)
            #expect(request.line == "CONNECT api.example.invalid:443 HTTP/1.1")
            #expect(request.headers["proxy-authorization"] == "Basic \(Data("me:secret".utf8).base64EncodedString())")
            #expect(request.headers["x-api-key"] == nil && request.body.isEmpty)
        }
    }
}
