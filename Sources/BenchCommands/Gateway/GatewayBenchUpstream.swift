import ArgumentParser
import Hummingbird
import Logging

/// The service behind the measured gateway, in a process of its own: it answers at once, and each stream as long as the call says.
struct GatewayBenchUpstream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway-upstream", abstract: "The service that bench gateway calls.", shouldDisplay: false)

    /// The longest queue of connections that wait to be accepted.
    private static let backlog = 4096
    /// Longer bodies are refused.
    static let longestBody = 1024 * 1024

    func run() async throws {
        let router = Router()
        router.post("v1/messages") { request, _ in
            guard let events = request.uri.queryParameters["events"].flatMap({ Int($0) }),
                let milliseconds = request.uri.queryParameters["ms"].flatMap({ Int($0) })
            else { throw HTTPError(.badRequest, message: "the query says no events and no ms") }
            _ = try await request.body.collect(upTo: Self.longestBody)
            return Self.response(MessageStream(events: events, milliseconds: milliseconds))
        }
        var logger = Logger(label: "gateway-upstream") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: Self.backlog),
            onServerRunning: { [logger] channel in
                do {
                    guard let port = channel.localAddress?.port else { throw BenchError("the upstream has no port") }
                    try Listening(baseURL: "http://127.0.0.1:\(port)", key: "bench").announce()
                } catch {
                    // Who waits for the line sees in the log why none comes.
                    logger.error("\(error)")
                }
            }, logger: logger)
        try await application.run()
    }

    private static func response(_ stream: MessageStream) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                let start = ContinuousClock.now
                try await writer.write(ByteBuffer(string: MessageStream.start))
                for number in 0..<stream.events {
                    if stream.milliseconds > 0 {
                        let due = Double(stream.milliseconds) * Double(number + 1) / Double(stream.events)
                        try await Task.sleep(until: start + .milliseconds(due), tolerance: .zero)
                    }
                    try await writer.write(ByteBuffer(string: MessageStream.delta))
                }
                try await writer.write(ByteBuffer(string: stream.closing))
                try await writer.finish(nil)
            })
    }
}
