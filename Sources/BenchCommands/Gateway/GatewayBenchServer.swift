import ArgumentParser
import ClusterModel
import Logging
import MeteringGateway
import Synchronization
import UnixSignals

/// The measured gateway, in a process of its own: what is resident there is its own alone.
struct GatewayBenchServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway-server", abstract: "The gateway that bench gateway measures.", shouldDisplay: false)

    @Option(help: "The service's base URL.") var upstream: String
    @Option(help: "Where long bodies are kept.") var spool: String

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm)
        var configuration = GatewayConfiguration(credential: .apiKey("bench"), spoolDirectory: spool)
        configuration.claudeBaseURL = upstream
        var logger = Logger(label: "gateway-server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let gateway = try await MeteringGateway.start(configuration, permits: GrantsAtOnce(), logger: logger)
        let access = gateway.register(instance: "bench")
        try Listening(baseURL: access.baseURL, key: access.key).announce()
        for await _ in signals { break }
        await gateway.shutdown()
    }
}

/// Permits that nobody waits for: what is measured is the gateway alone.
private final class GrantsAtOnce: CallPermits {
    private let last = Atomic<UInt64>(0)

    func permit(for call: MeteredCall) async throws -> GrantedCall {
        GrantedCall(number: last.add(1, ordering: .relaxed).newValue)
    }

    func backOff(after tries: Int, of call: MeteredCall) async throws {
        // The upstream is this measurement's own: a call that it could not serve spoils the run.
        throw BenchError("the upstream failed \(tries) times")
    }

    func progress(_ call: GrantedCall, _ usage: CallUsage) {}
    func ended(_ call: GrantedCall, _ end: CallEnd) {}
}
