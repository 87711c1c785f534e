import AgentPool
import ClaudeProcess
import ClusterModel
import Logging
import MeteringGateway
import Settings

/// Does with instances what the pool decided. Each call returns at once; its end comes to the engine as an input.
struct InstanceRunner: Sendable {
    let settings: AgentSettings
    /// The agent's own.
    let environment: [String: String]
    let guardPath: String
    /// What the agent's environment authenticates with; nil where no task may use `claude`.
    let credential: Credential?
    /// Nil: instances speak to the service themselves.
    let gateway: MeteringGateway?
    /// Of all its instances, since the agent started.
    let retries = RetryTally()
    let feed: AsyncStream<EngineInput>.Continuation
    let logger: Logger

    func start(_ id: InstanceID, for options: TaskOptions) -> LaunchPlan {
        let directory = SlotDirectory(state: settings.stateDirectory, slot: id.slot)
        var variables = InstanceEnvironment.make(
            from: environment, configDirectory: directory.config, home: environment["HOME"] ?? "/")
        if let gateway, let credential {
            let access = gateway.register(instance: "\(id)")
            InstanceEnvironment.lead(
                &variables,
                to: GatewayLogin(
                    baseURL: access.baseURL, key: access.key, credential: credential, upstreams: access.upstreamURLs))
        }
        let plan = LaunchPlan(
            options: options, claudePath: settings.claudePath, guardPath: guardPath, marker: settings.stateDirectory,
            directory: directory.work, configDirectory: directory.config,
            environment: variables, model: settings.model ?? "")
        let name = "\(settings.name)/\(id)"
        Task { [feed, logger, gateway, retries] in
            do {
                try directory.make()
                let instance = try await ClaudeInstance.start(plan, name: name, retries: retries, logger: logger)
                feed.yield(.instanceStarted(id, instance))
                _ = await instance.ended
                gateway?.unregister(instance: "\(id)")
                feed.yield(.instanceEnded(id))
            } catch {
                gateway?.unregister(instance: "\(id)")
                feed.yield(.startFailed(id, Self.failure(error, plan)))
            }
        }
        return plan
    }

    /// What a launched instance is told before a prompt, when the one before it was told something else.
    struct Changes: Sendable {
        var model: String?
        var permissionMode: String?
    }

    func runTurn(_ id: InstanceID, _ instance: ClaudeInstance, _ token: AttemptToken, prompt: String, changes: Changes)
    {
        Task { [feed] in
            if let failure = instance.failure {
                feed.yield(.turnEnded(id, token, .neverBegan(failure)))
                return
            }
            do {
                if let model = changes.model { try await instance.setModel(model) }
                if let mode = changes.permissionMode { try await instance.setPermissionMode(mode) }
            } catch let failure as InstanceFailure where failure.code == .refused {
                feed.yield(.turnEnded(id, token, .settingsRefused("claude refuses the task's settings: \(failure)")))
                return
            } catch {
                let failure = error as? InstanceFailure ?? InstanceFailure(.launch, "\(error)")
                feed.yield(.turnEnded(id, token, .neverBegan(failure)))
                return
            }
            feed.yield(.turnEnded(id, token, .ending(await instance.runTurn(prompt))))
        }
    }

    func clear(_ id: InstanceID, _ instance: ClaudeInstance) {
        let scratch = SlotDirectory(state: settings.stateDirectory, slot: id.slot)
        Task { [feed, logger] in
            do {
                try await instance.clear()
                // Nobody else works here: the slot's instance is between two tasks.
                if instance.plan.directory == scratch.work { try scratch.emptyWork() }
                feed.yield(.cleared(id, succeeded: true))
            } catch {
                logger.warning(
                    "an instance could not be cleared and is replaced",
                    metadata: ["instance": "\(instance.name)", "reason": "\(error)"])
                feed.yield(.cleared(id, succeeded: false))
            }
        }
    }

    func interrupt(_ instance: ClaudeInstance) {
        // At once: a prompt that is still on its way to the instance must not follow the interrupt.
        instance.refuseFurtherTurns()
        // Whether it was confirmed shows in the turn's end, which the pool waits for.
        Task { await instance.interrupt() }
    }

    func terminate(_ instance: ClaudeInstance) {
        Task { await instance.stop(grace: .zero) }
    }

    func stop(_ id: InstanceID, _ instance: ClaudeInstance, grace: Duration = .seconds(5)) {
        Task { [feed, logger] in
            let end = await instance.stop(grace: grace)
            logger.debug("instance ended", metadata: ["instance": "\(instance.name)", "exit": "\(end.exitCode)"])
            feed.yield(.instanceStopped(id))
        }
    }

    private static func failure(_ error: any Error, _ plan: LaunchPlan) -> StartFailure {
        let isMissing = [plan.claudePath, plan.guardPath].contains { !FileAccess.isExecutable($0) }
        guard let failure = error as? InstanceFailure else {
            return StartFailure(message: "\(error)", programIsMissing: true)
        }
        let tail = failure.detail.split(separator: "\n").last.map { " (\($0.prefix(300)))" } ?? ""
        return StartFailure(message: failure.message + tail, programIsMissing: isMissing || failure.code == .launch)
    }
}
