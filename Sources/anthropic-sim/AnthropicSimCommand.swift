import ArgumentParser
import Foundation
import ServiceLifecycle
import ServiceSims

/// `anthropic-sim`: the simulated Messages API as a program.
@main
struct AnthropicSimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anthropic-sim",
        abstract: "A local Messages API for tests: seeded answers, real limits, faults on demand.",
        discussion: "Listens on 127.0.0.1 alone and prints {\"listening\":\"http://127.0.0.1:PORT\"} when ready.")

    @Option(help: "The port; 0 takes a free one.") var port = 0
    @Option(help: "A file to write the port to, once connections are accepted.") var portFile: String?
    @Option(help: "Answers, latencies and faults follow from this number and the prompts.") var seed: UInt64 = 1
    @Option(help: "Calls a minute; without it unlimited, as the tokens.") var requestsPerMinute: Int?
    @Option(help: "How many calls the bucket holds; as many as a minute adds, unless said.") var requestsBurst: Int?
    @Option(help: "Input tokens a minute.") var inputTokensPerMinute: Int?
    @Option(help: "How many input tokens the bucket holds.") var inputBurst: Int?
    @Option(help: "Output tokens a minute.") var outputTokensPerMinute: Int?
    @Option(help: "How many output tokens the bucket holds.") var outputBurst: Int?
    @Option(help: "The least time before an answer's headers.") var latencyMs = 0
    @Option(help: "The most that a call's own draw adds to it.") var latencyJitterMs = 0
    @Option(help: "The length of an answer, MIN-MAX.") var outputTokens = TokenRange(range: 20...20)
    @Option(help: "The time over which a stream is spread.") var streamMs = 0
    @Option(help: "The share of calls answered with 529, 0 to 1.") var p529 = 0.0
    @Option(help: "The share of calls answered with 500.") var p500 = 0.0
    @Option(help: "The share of answers cut after their first delta.") var pcut = 0.0
    @Option(help: "The only key that is let in.") var apiKey: String?

    func run() async throws {
        let logger = AnthropicSim.quietLogger()
        let service = SimService(
            sim: try AnthropicSim(configuration: simConfiguration(), logger: logger), portFile: portFile)
        // Cancelled, not shut down gracefully: a held or silent call must not keep the program alive.
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                cancellationSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch is CancellationError {
            return
        }
    }

    private func simConfiguration() throws -> AnthropicSimConfiguration {
        var configuration = AnthropicSimConfiguration()
        configuration.port = port
        configuration.seed = seed
        configuration.requests = try limit(requestsPerMinute, requestsBurst, "requests")
        configuration.inputTokens = try limit(inputTokensPerMinute, inputBurst, "input")
        configuration.outputTokens = try limit(outputTokensPerMinute, outputBurst, "output")
        configuration.latencyMilliseconds = latencyMs
        configuration.latencyJitterMilliseconds = latencyJitterMs
        configuration.answerTokens = outputTokens.range
        configuration.streamMilliseconds = streamMs
        configuration.overloadedShare = p529
        configuration.failureShare = p500
        configuration.cutShare = pcut
        configuration.apiKey = apiKey
        return configuration
    }

    private func limit(_ perMinute: Int?, _ burst: Int?, _ name: String) throws -> RateLimit? {
        guard let perMinute else {
            if burst != nil { throw ValidationError("--\(name)-burst says nothing without the limit a minute.") }
            return nil
        }
        return RateLimit(perMinute: perMinute, burst: burst)
    }
}

/// A range of tokens as it is typed: `MIN-MAX`, or one number.
struct TokenRange: ExpressibleByArgument {
    let range: ClosedRange<Int>

    init(range: ClosedRange<Int>) { self.range = range }

    init?(argument: String) {
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count <= 2, let low = parts.first ?? nil, let high = parts.last ?? nil, low <= high else {
            return nil
        }
        range = low...high
    }

    var defaultValueDescription: String { "\(range.lowerBound)-\(range.upperBound)" }
}
