import AgentOutbox
import ClaudeProcess
import ClusterModel
import ClusterWire
import Glibc
import Logging
import ServiceLifecycle
import Settings
import SystemShims
import Workspaces
import ZeroMQ

/// An agent: takes tasks from a coordinator and has them done by `claude` processes on this host.
public final class AgentServer: Service, Sendable {
    private let settings: AgentSettings
    private let environment: [String: String]
    private let logger: Logger
    private let inputs: AsyncStream<EngineInput>
    private let feed: AsyncStream<EngineInput>.Continuation
    private let readySignal = ReadySignal()

    /// - Parameter environment: The agent's own: its credential is found there, and instances get a part of it.
    public init(settings: AgentSettings, environment: [String: String], logger: Logger) {
        self.settings = settings
        self.environment = environment
        self.logger = logger
        (inputs, feed) = AsyncStream.makeStream()
    }

    /// Waits until a coordinator has welcomed this agent; false if the agent ended before.
    public func ready() async -> Bool { await readySignal.wait() }

    /// Ends everything at once: instances are killed, unfinished attempts handed back. ``run()`` returns soon after.
    public func stopNow() { feed.yield(.stopNow) }

    /// Works until graceful shutdown: then takes no new work, finishes what runs, hands the results over, and returns. Called once.
    ///
    /// - Throws: ``AgentError`` when something of this host's is missing, or the coordinator refuses this agent for good.
    public func run() async throws {
        defer { readySignal.settle(false) }
        // Its own task: a cancelled caller must not keep the instances from being ended in order.
        let work = Task { try await serve() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await work.value
            } onGracefulShutdown: { [feed] in
                feed.yield(.drain)
            }
        } onCancel: { [feed] in
            feed.yield(.stopNow)
        }
    }

    private func serve() async throws {
        signal(SIGPIPE, SIG_IGN)
        // Tasks run as the same user: none of them may read the credential in this process's environment or memory. Their own processes
        // are as always, since a new program begins dumpable.
        if cco_set_dumpable(0) != 0 {
            logger.warning("tasks of this user may read this process's memory", metadata: ["errno": "\(errno)"])
        }
        FileAccess.raiseDescriptorLimit(logger)
        let host = try await Preparation(settings: settings, environment: environment, logger: logger).prepare()
        defer { host.directory.release() }
        let outbox: AgentOutbox
        let pending: [OutboxEntry]
        do {
            var limits = OutboxLimits.standard
            limits.entries += settings.capacity * (1 + ExecPace.aheadAtMost)
            outbox = try AgentOutbox(
                in: host.directory, limits: limits, synchronous: settings.durability
            ) { [feed] _ in feed.yield(.outboxHold) }
            pending = try outbox.pending()
        } catch {
            throw AgentError(.unusable, "\(error)")
        }
        do {
            try await serve(host, outbox, pending)
        } catch {
            await outbox.close()
            throw error
        }
        await outbox.close()
    }

    private func serve(
        _ host: Preparation.Host, _ outbox: AgentOutbox, _ pending: [OutboxEntry]
    ) async throws {
        var first = SessionLedger(identity: identity(host, outbox), capacity: settings.capacity)
        for entry in pending { first.found(entry.token) }
        let ledger = SharedLedger(first)
        let context = try Context()
        let connection = try DealerConnection(
            context: context, endpoint: "\(settings.coordinator)", keys: host.keys, serverKey: host.serverKey,
            greeting: { [logger] in
                do { return try ledger.helloFrame() } catch {
                    logger.error("a hello cannot be written", metadata: ["reason": "\(error)"])
                    return nil
                }
            },
            onConnectionChange: { [feed] change in
                switch change {
                case .connected: feed.yield(.connected)
                case .disconnected: feed.yield(.disconnected)
                case .handshakeFailed(let reason): feed.yield(.handshakeFailed(reason))
                }
            },
            onMessage: { [feed] bytes in
                do {
                    feed.yield(.message(try Ccorchestrator_V1_CoordinatorMessage(serializedBytes: Array(bytes))))
                } catch {
                    feed.yield(.unreadableMessage)
                }
            })
        let workspaces = WorkspaceKeeper(stateDirectory: settings.stateDirectory, environment: environment)
        do { try await workspaces.begin() } catch { throw AgentError(.unusable, "\(error)") }
        let permits = PermitBroker(feed: feed)
        let gateway = try await Gateway.start(
            settings: settings, environment: environment, permits: permits, logger: logger)
        let engine = AgentEngine(
            .init(
                settings: settings, logger: logger, context: context, keys: host.keys, serverKey: host.serverKey,
                ledger: ledger, outbox: outbox,
                connection: connection, feed: feed,
                runner: InstanceRunner(
                    settings: settings, environment: environment, guardPath: host.guardPath,
                    credential: host.credential, gateway: gateway, workspaces: workspaces, feed: feed, logger: logger),
                permits: permits, ready: readySignal))
        logger.info(
            "agent started",
            metadata: [
                "name": "\(settings.name)", "instances": "\(settings.capacity)",
                "runners": "\(settings.policy.runners.joined(separator: ","))", "claude": "\(host.claudeVersion)",
                "outbox": "\(pending.count)",
            ])
        defer { connection.close(lingerMilliseconds: 500) }
        do {
            try await engine.run(inputs, pending: pending)
        } catch {
            await gateway?.shutdown()
            throw error
        }
        await gateway?.shutdown()
    }

    private func identity(_ host: Preparation.Host, _ outbox: AgentOutbox) -> AgentIdentity {
        AgentIdentity(
            id: outbox.agentID, incarnation: UInt64.random(in: 1 ... .max), name: settings.name,
            host: SettingsContext.current.hostName, pid: getpid(), runners: settings.policy.runners,
            labels: settings.labels, claudeVersion: host.claudeVersion,
            isUnmetered: settings.policy.runners.contains("claude") && !settings.hasGateway)
    }
}

extension AgentSettings {
    /// Attempts held at once: `noop` takes no slot, so an agent of that alone has a number of its own.
    var capacity: Int { policy.runners == ["noop"] ? noopCapacity : instances }
}
