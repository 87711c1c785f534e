import AgentServer
import Foundation
import Logging
import ServiceLifecycle
import Settings
import UnixSignals

/// The agent as a process: its log, its signals, its exit code.
struct AgentProgram {
    let settings: AgentSettings
    let source: SettingsSource

    func run() async throws {
        LogSetup.bootstrap(level: settings.logLevel, format: settings.logFormat)
        let logger = Logger(label: "cc-agent")
        for warning in source.warnings { logger.warning("\(warning)") }
        let server = AgentServer(settings: settings, environment: source.context.environment, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
        configuration.maximumCancellationDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        // The group knows one signal only; the second has a meaning of its own here.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let watcher = Task {
            var isFirst = true
            for await _ in signals {
                if isFirst { await group.triggerGracefulShutdown() } else { server.stopNow() }
                isFirst = false
            }
        }
        defer { watcher.cancel() }
        try await group.run()
    }

    static func leave(with error: any Error) -> Never {
        switch error {
        case let error as AgentError where error.code == .refused: end(4, "\(error)")
        case is AgentError, is SettingsError: end(2, "\(error)")
        default:
            let isAsked = AgentCommand.exitCode(for: error) == .success
            if isAsked {
                print(AgentCommand.fullMessage(for: error))
                exit(0)
            }
            end(AgentCommand.exitCode(for: error) == .validationFailure ? 2 : 1, AgentCommand.message(for: error))
        }
    }

    private static func end(_ code: Int32, _ sentence: String) -> Never {
        FileHandle.standardError.write(Data("cc-agent: \(sentence)\n".utf8))
        exit(code)
    }
}
