import AgentPool
import ClaudeProcess
import ClusterModel
import Logging

/// Instances, as the pool wants them.
extension AgentEngine {
    func launch(_ id: InstanceID, for token: AttemptToken) {
        guard let attempt = attempts[token] else {
            // The pool only starts instances for attempts that it holds, and those all have a record.
            feed.yield(.startFailed(id, StartFailure(message: "\(token) is not known here", programIsMissing: true)))
            return
        }
        starting[id] = runner.start(
            id, for: attempt.options, resuming: resume(for: attempt).map { (token, $0) },
            in: place(of: attempt.options, slot: "\(id.slot)"))
    }

    /// One that no attempt waits for yet.
    func launchSpare(_ id: InstanceID, _ fingerprint: String) {
        guard let known = recentLaunches.last(where: { $0.fingerprint == fingerprint }) else {
            feed.yield(
                .startFailed(id, StartFailure(message: "how a spare is launched is not known", programIsMissing: false))
            )
            return
        }
        starting[id] = runner.start(id, for: known.options, in: place(of: known.options, slot: "\(id.slot)"))
    }

    func noteLaunch(_ fingerprint: String, _ options: TaskOptions) {
        recentLaunches.removeAll { $0.fingerprint == fingerprint }
        if recentLaunches.count == Self.recentLaunchesAtMost { recentLaunches.removeFirst() }
        recentLaunches.append((fingerprint, options))
    }

    func instanceStarted(_ id: InstanceID, _ instance: ClaudeInstance, at now: Instant) {
        starting[id] = nil
        instances[id] = InstanceRecord(
            instance: instance, model: instance.plan.model, permissionMode: instance.plan.permissionMode)
        if unwanted.remove(id) != nil {
            instance.kill()
            runner.stop(id, instance, grace: .zero)
            return
        }
        logger.debug(
            "instance started",
            metadata: ["instance": "\(instance.name)", "pid": "\(instance.claudePID.map(String.init) ?? "?")"])
        perform(pool.instanceStarted(id, at: now))
    }

    func startFailed(_ id: InstanceID, _ said: StartFailure, at now: Instant) {
        starting[id] = nil
        // It goes into logs, heartbeats and results.
        var failure = said
        failure.message = redactor.clean(said.message)
        if unwanted.remove(id) != nil {
            // Nothing of it is left.
            perform(pool.instanceStopped(id, at: now))
            return
        }
        logger.warning(
            "an instance did not start",
            metadata: ["instance": "\(settings.name)/\(id)", "reason": "\(failure.message)"])
        perform(pool.startFailed(id, failure, at: now))
    }

    func runTurn(_ id: InstanceID, _ token: AttemptToken) {
        guard var attempt = attempts[token], let record = instances[id] else {
            let failure = InstanceFailure(.misuse, "\(token) or instance \(id) is not known here")
            feed.yield(.turnEnded(id, token, .ending(.broken(failure))))
            return
        }
        attempt.startedAt = Clocks.wall()
        attempts[token] = attempt
        let model = attempt.options.model.isEmpty ? settings.model ?? "" : attempt.options.model
        let mode = attempt.options.permissionMode
        var changes = InstanceRunner.Changes()
        // An instance launched without a model is in another class of launches: see `fingerprint(for:)`.
        if model != record.model { changes.model = model }
        if Self.modeName(mode) != Self.modeName(record.permissionMode) { changes.permissionMode = Self.modeName(mode) }
        instances[id]?.model = model
        instances[id]?.permissionMode = mode
        instances[id]?.turnBegan = .now
        instances[id]?.quietSince = nil
        permits.turnBegan(id, token)
        runner.runTurn(
            id, record.instance, token,
            prompt: attempt.conversation?.isContinuation == true ? Self.continuation : attempt.prompt, changes: changes,
            workspace: workspaceTurn(attempt, slot: "\(id.slot)"))
    }

    func turnEnded(_ id: InstanceID, _ token: AttemptToken, _ outcome: TurnOutcome, at now: Instant) {
        permits.turnEnded(id)
        instances[id]?.turnBegan = nil
        tellRetries(at: now)
        attempts[token]?.outcome = outcome
        attempts[token]?.forbiddenIsOwn = noteForbidden(outcome, token.task)
        guard let attempt = attempts[token] else {
            perform(pool.turnEnded(id, TurnReport(succeeded: false, instanceIsSound: false), at: now))
            return
        }
        let judgement = Judgement(outcome, options: attempt.options, forbiddenIsOwn: attempt.forbiddenIsOwn)
        if keepsConversation(id, attempt, judgement) { return }
        report(id, token, judgement, head: nil, at: now)
    }

    /// A 403 may be the credential's trouble or one task's own: until three tasks in a row met it, it is the task's.
    private func noteForbidden(_ outcome: TurnOutcome, _ task: TaskID) -> Bool {
        guard case .ending(.result(let result)) = outcome else { return false }
        guard result.apiErrorStatus == 403 else {
            if !result.isError { forbiddenInARow = [] }
            return false
        }
        forbiddenInARow.insert(task)
        return forbiddenInARow.count < 3
    }

    func stop(_ id: InstanceID) {
        if let record = instances[id] {
            runner.stop(id, record.instance)
        } else if starting[id] != nil {
            unwanted.insert(id)
        } else {
            unwanted.remove(id)
            feed.yield(.instanceStopped(id))
        }
    }

    /// What an instance must have been launched with to serve these options.
    func fingerprint(for options: TaskOptions) -> String {
        let launch = LaunchPlan.fingerprint(for: options)
        // A model can be changed to another by name, but not back to the CLI's own choice.
        let isNamed = !options.model.isEmpty || settings.model != nil
        return launch + (isNamed ? "\u{1f}named" : "\u{1f}own")
    }

    func lookAtMemory(at now: Instant) {
        guard now >= nextMemoryLook else { return }
        nextMemoryLook = now + Self.memoryInterval
        var sum: UInt64 = 0
        for (id, record) in instances {
            guard let pid = record.instance.claudePID, let bytes = ResidentMemory.bytes(of: pid) else { continue }
            sum += bytes
            perform(pool.memoryMeasured(id, residentBytes: bytes, at: now))
        }
        residentBytes = sum
    }

    private static func modeName(_ mode: String) -> String { mode.isEmpty ? "default" : mode }
}
