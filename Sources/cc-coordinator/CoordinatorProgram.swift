import CoordinatorHTTP
import CoordinatorServer
import CoordinatorStore
import Foundation
import Logging
import ServiceLifecycle
import Settings
import Trust
import ZeroMQ

/// The coordinator as a process: its log, its signals, its exit code.
struct CoordinatorProgram {
    let settings: CoordinatorSettings
    let source: SettingsSource

    func run() async throws {
        try CoordinatorServer.checkReach(settings)
        LogSetup.bootstrap(level: settings.logLevel, format: settings.logFormat)
        let logger = Logger(label: "cc-coordinator")
        for warning in source.warnings { logger.warning("\(warning)") }
        let server = CoordinatorServer(settings: settings, logger: logger)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)
        ]
        if let http = settings.http {
            let front = CoordinatorHTTPServer(host: http.host, port: Int(http.port), queries: server, logger: logger)
            services.append(.init(service: front, successTerminationBehavior: .gracefullyShutdownGroup))
        }
        try await ServiceGroup(
            configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }

    static func leave(with error: any Error) -> Never {
        switch error {
        case let error as StoreError where error.code == .inUse: end(3, "\(error)")
        case let error as ZeroMQError where error.code == .addressInUse: end(3, "\(error)")
        case is HTTPUnavailable: end(3, "\(error)")
        case is SettingsError, is TrustError: end(2, "\(error)")
        case is StoreError, is ZeroMQError: end(1, "\(error)")
        default:
            if CoordinatorCommand.exitCode(for: error) == .success {
                print(CoordinatorCommand.fullMessage(for: error))
                exit(0)
            }
            let isUsage = CoordinatorCommand.exitCode(for: error) == .validationFailure
            end(isUsage ? 2 : 1, CoordinatorCommand.message(for: error))
        }
    }

    private static func end(_ code: Int32, _ sentence: String) -> Never {
        FileHandle.standardError.write(Data("cc-coordinator: \(sentence)\n".utf8))
        exit(code)
    }
}
