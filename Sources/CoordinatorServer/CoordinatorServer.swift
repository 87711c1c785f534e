import ClusterModel
import CoordinatorStore
import Foundation
import Logging
import ServiceLifecycle
import Settings
import Synchronization
import Trust
import ZeroMQ

/// A coordinator: opens the store, binds the endpoints, runs the loop until it is told to stop.
public final class CoordinatorServer: Service, Sendable {
    /// The ZAP domain of every endpoint.
    static let domain = "cc-orchestrator"
    /// Mail that may wait for the loop: the answers of the questions that wait and of those in hand, an outcome, the order to stop.
    static let mailAtMost = 2 * QueryThread.waitingAtMost + 16

    private enum Progress {
        case starting([CheckedContinuation<BoundEndpoints, any Error>])
        case started(BoundEndpoints)
        case ended(any Error)
    }

    private let settings: CoordinatorSettings
    private let logger: Logger
    private let progress = Mutex<Progress>(.starting([]))

    /// A coordinator that has not started.
    public init(settings: CoordinatorSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Beyond loopback somebody must be let in: nobody else could use what is bound there.
    ///
    /// - Throws: `TrustError`, also for a list that can't be read.
    public static func checkReach(_ settings: CoordinatorSettings) throws {
        let endpoints = [settings.agentsEndpoint, settings.clientsEndpoint, settings.blobsEndpoint]
        guard let far = endpoints.first(where: { !$0.isLoopback }) else { return }
        guard try AllowedKeys.load(settings.allowedKeys).entries.allSatisfy(\.isRevoked) else { return }
        throw TrustError(
            """
            binding \(far) beyond loopback needs keys, and no key is allowed yet: make one for each agent and each user with \
            `ccctl keys new east --role agent` and `ccctl keys new ann --role client`
            """)
    }

    /// Waits until every endpoint is bound.
    ///
    /// - Throws: what ``run()`` throws, when it ended before.
    public func started() async throws -> BoundEndpoints {
        try await withCheckedThrowingContinuation { continuation in
            let known: Result<BoundEndpoints, any Error>? = progress.withLock { progress in
                switch progress {
                case .starting(let waiting):
                    progress = .starting(waiting + [continuation])
                    return nil
                case .started(let endpoints): return .success(endpoints)
                case .ended(let error): return .failure(error)
                }
            }
            if let known { continuation.resume(with: known) }
        }
    }

    /// Serves until graceful shutdown or cancellation; what is acknowledged is on disk when it returns.
    ///
    /// - Throws: ``StoreError``, `ZeroMQError` (a port in use, a secret file that can't be trusted).
    public func run() async throws {
        let machine: Machine
        do {
            machine = try Machine(settings: settings, logger: logger)
        } catch {
            report(.failure(error))
            throw error
        }
        report(.success(machine.endpoints))
        defer { progress.withLock { $0 = .ended(CancellationError()) } }
        logger.notice(
            "coordinator ready",
            metadata: [
                "agents": "\(machine.endpoints.agents)", "clients": "\(machine.endpoints.clients)",
                "blobs": "\(machine.endpoints.blobs)", "data": "\(settings.dataDirectory)",
            ])
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await machine.ended()
            } onCancel: {
                machine.stop()
            }
        } onGracefulShutdown: {
            machine.stop()
        }
        logger.notice("coordinator stopped")
    }

    private func report(_ result: Result<BoundEndpoints, any Error>) {
        let waiting = progress.withLock { progress -> [CheckedContinuation<BoundEndpoints, any Error>] in
            guard case .starting(let waiting) = progress else { return [] }
            switch result {
            case .success(let endpoints): progress = .started(endpoints)
            case .failure(let error): progress = .ended(error)
            }
            return waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }
}

extension CoordinatorServer: CoordinatorQueries {
    /// Ready from the moment every endpoint is bound and the queue is recovered.
    public func notReadyBecause() async -> String? {
        progress.withLock { progress in
            switch progress {
            case .starting: "the queue is being recovered"
            case .started: nil
            case .ended(let error): "stopped: \(error)"
            }
        }
    }
}
