import AgentPool
import ClaudeProcess
import ClusterModel
import Logging
import MeteringGateway
import Settings
import Workspaces

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
    let workspaces: WorkspaceKeeper
    /// Of all its instances, since the agent started.
    let retries = RetryTally()
    let feed: AsyncStream<EngineInput>.Continuation
    let logger: Logger

    var transcripts: Transcripts { Transcripts(state: settings.stateDirectory) }

    /// - Parameters:
    ///   - resuming: the attempt whose conversation has come, and how it goes on.
    ///   - place: the worktree that it is to stand in; nil: what the options say.
    func start(
        _ id: InstanceID, for options: TaskOptions, resuming: (token: AttemptToken, resume: SessionResume)? = nil,
        in place: WorkspaceKeeper.Place?
    ) -> LaunchPlan {
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
        var plan = LaunchPlan(
            options: options, claudePath: settings.claudePath, guardPath: guardPath, marker: settings.stateDirectory,
            directory: place?.path ?? directory.work, configDirectory: directory.config,
            environment: variables, model: settings.model ?? "")
        plan.resume = resuming?.resume
        let name = "\(settings.name)/\(id)"
        Task { [feed, logger, gateway, transcripts, workspaces, retries, plan] in
            do {
                try directory.make()
                if let place { try workspaces.open(place) }
                if let resuming { try transcripts.place(resuming.token, resuming.resume, for: plan) }
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

    func runTurn(
        _ id: InstanceID, _ instance: ClaudeInstance, _ token: AttemptToken, prompt: String, changes: Changes,
        workspace: WorkspaceTurn? = nil
    ) {
        Task { [feed, workspaces] in
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
            guard let workspace else {
                feed.yield(.turnEnded(id, token, .ending(await instance.runTurn(prompt))))
                return
            }
            if let error = await workspace.prepare(workspaces) {
                feed.yield(.turnEnded(id, token, .noWorktree(error)))
                return
            }
            let ending = await instance.runTurn(prompt)
            if case .result = ending {
                let collected = await workspace.collect(workspaces)
                feed.yield(.workspaceCollected(token, collected, hasStragglers: Stragglers.remain(of: instance)))
            } else {
                workspaces.leave(workspace.place)
            }
            feed.yield(.turnEnded(id, token, .ending(ending)))
        }
    }

    func clear(_ id: InstanceID, _ instance: ClaudeInstance) {
        let scratch = SlotDirectory(state: settings.stateDirectory, slot: id.slot)
        Task { [feed, logger] in
            // Before `/clear`: what a task left running must neither work on beside the next one nor be asked of by it.
            instance.endLeftovers()
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
            // Its folders could not be made, or its conversation not be put there.
            return StartFailure(message: "\(error)", programIsMissing: plan.resume == nil)
        }
        // The last line says most, and some messages end with it already.
        let last = failure.detail.split(separator: "\n").last?.prefix(300) ?? ""
        let tail = last.isEmpty || failure.message.contains(last) ? "" : " (\(last))"
        return StartFailure(
            message: failure.message + tail, programIsMissing: isMissing || failure.code == .launch,
            detail: failure.detail)
    }
}
