import ClusterModel
import GuardedProcess
import Logging
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One long-lived `claude` process under its guard.
///
/// It lives until its process ends, whether anybody holds this object or not: end it with ``stop(grace:)`` or ``kill()``.
/// Cancelling a task that awaits something here does not end what it awaits; ``interrupt(within:)`` and ``kill()`` do.
public final class ClaudeInstance: Sendable {
    /// The longest line that is read.
    public static let lineLimitBytes = 32 * 1024 * 1024

    /// What the plan said at the start.
    public let plan: LaunchPlan
    /// What the agent calls it.
    public let name: String
    let logger: Logger
    let state: Mutex<InstanceState>
    private let activity: Mutex<ContinuousClock.Instant>
    private let retries: RetryTally?
    let outgoing: AsyncStream<[UInt8]>.Continuation

    private init(
        _ plan: LaunchPlan, name: String, retries: RetryTally?, logger: Logger,
        outgoing: AsyncStream<[UInt8]>.Continuation
    ) {
        self.plan = plan
        self.retries = retries
        self.name = name
        self.logger = logger
        self.outgoing = outgoing
        self.activity = Mutex(.now)
        self.state = Mutex(InstanceState(schemaAsked: !plan.schemaJSON.isEmpty))
    }

    /// Starts the process and waits until it has answered `initialize`. Calls that it repeats by itself are counted in `retries`.
    ///
    /// - Throws: ``InstanceFailure``; nothing of the process is left then.
    public static func start(
        _ plan: LaunchPlan, name: String, timeLimit: Duration = .seconds(60), retries: RetryTally? = nil, logger: Logger
    ) async throws -> ClaudeInstance {
        PipeSignal.ignored
        do { try plan.writeFiles() } catch {
            throw InstanceFailure(.launch, "the task's MCP configuration or settings cannot be written: \(error)")
        }
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let instance = ClaudeInstance(
            plan, name: name, retries: retries, logger: logger, outgoing: continuation)
        // A task of its own: cancelling the caller must not tear the guard down before the guard has done its work.
        Task { await instance.runProcess(writing: stream) }
        do {
            let answer = try await instance.control(.initialize, within: timeLimit)
            instance.state.withLock { $0.initialized(answer) }
        } catch {
            instance.kill()
            _ = await instance.ended
            throw error
        }
        return instance
    }

    // MARK: What is known of it

    /// The guard's process id; nil once it has ended.
    public var guardPID: Int32? { state.withLock(\.guardPID) }
    /// The CLI's own process id, as it said itself: its resident memory is read there.
    public var claudePID: Int32? { state.withLock(\.claudePID) }
    /// As it said itself: `2.1.330`.
    public var claudeVersion: String? { state.withLock(\.version) }
    /// The conversation's; nil before the first turn.
    public var sessionID: String? { state.withLock(\.sessionID) }
    /// When it last wrote anything on its stream.
    public var lastActivity: ContinuousClock.Instant { activity.withLock { $0 } }
    /// A tool that the model called has not given its result yet: it may take long, and the CLI is silent meanwhile.
    public var awaitsTool: Bool { state.withLock(\.openTools) > 0 }
    /// Lines that were no message, and results that nobody had asked for.
    public var skippedLines: Int { state.withLock(\.skippedLines) }
    /// Why it can't be used any more; nil while it can.
    public var failure: InstanceFailure? { state.withLock(\.failure) }
    /// How it ended, waited for.
    public var ended: InstanceEnd {
        get async {
            while true {
                if let end = await ended(within: .seconds(3600)) { return end }
            }
        }
    }

    // MARK: Turns

    /// Sends a prompt and waits for its one result, however long that takes. One turn at a time.
    public func runTurn(_ prompt: String, uuid: UUID = UUID()) async -> TurnEnding {
        let id = uuid.uuidString.lowercased()
        do {
            return await turn(try OutgoingLine.prompt(prompt, uuid: id), uuid: id, within: nil).ending
        } catch {
            return .broken(InstanceFailure(.misuse, "the prompt cannot be written as JSON: \(error)"))
        }
    }

    /// No turn begins from now on; the one that is open goes on to its end.
    public func refuseFurtherTurns() { state.withLock { $0.takesTurns = false } }

    /// Begins a new conversation; its session id.
    ///
    /// - Throws: ``InstanceFailure`` when that did not verifiably happen; the instance must not serve another task then.
    @discardableResult
    public func clear(within limit: Duration = .seconds(10)) async throws -> String {
        let before = sessionID
        let id = UUID().uuidString.lowercased()
        let finished = await turn(try OutgoingLine.command("/clear", uuid: id), uuid: id, within: limit)
        switch finished.ending {
        case .broken(let failure):
            throw failure
        case .result(let result):
            guard finished.conversationReset, !result.isError, !result.sessionID.isEmpty, result.sessionID != before
            else {
                throw InstanceFailure(
                    .notCleared, "claude did not begin a new session after /clear (it says `\(result.subtype)`)")
            }
            return result.sessionID
        }
    }

    private func turn(_ line: [UInt8], uuid: String, within limit: Duration?) async -> InstanceState.FinishedTurn {
        let timer = limit.map { limit in
            after(limit) { instance in instance.perform { $0.giveUpTurn(uuid: uuid, after: limit) } }
        }
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            perform { $0.beginTurn(uuid: uuid, continuation) }
            if state.withLock({ $0.isOpen(uuid: uuid) }) { outgoing.yield(line) }
        }
    }

    /// Ends what tools of the turns before left running: their shells have gone, so nobody waits for it. What the CLI itself started, such
    /// as MCP servers, stays.
    public func endLeftovers() { signalGuard(.killLeftovers) }

    // MARK: The control channel

    /// Ends the open turn: its result follows as `error_during_execution`. False when the CLI did not confirm in time.
    @discardableResult
    public func interrupt(within limit: Duration = .seconds(10)) async -> Bool {
        do {
            _ = try await control(.interrupt, within: limit)
            return true
        } catch {
            logger.debug(
                "claude did not confirm an interrupt", metadata: ["instance": "\(name)", "reason": "\(error)"])
            return false
        }
    }

    /// Changes the model for the turns to come. The CLI may first try it with one small API call.
    ///
    /// - Throws: ``InstanceFailure``; `refused` leaves the instance usable with the model it had.
    public func setModel(_ model: String, within limit: Duration = .seconds(60)) async throws {
        _ = try await control(.setModel(model), within: limit)
    }

    /// Changes the permission mode for the turns to come.
    ///
    /// - Throws: ``InstanceFailure``; `refused` leaves the instance usable with the mode it had.
    public func setPermissionMode(_ mode: String, within limit: Duration = .seconds(10)) async throws {
        _ = try await control(.setPermissionMode(mode), within: limit)
    }

    private func control(_ request: ControlRequest, within limit: Duration) async throws -> ControlAnswer {
        let id = "cco-\(state.withLock { $0.makeID() })"
        let line = try OutgoingLine.control(id: id, request)
        let timer = after(limit) { instance in instance.perform { $0.giveUpControl(id: id, after: limit) } }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            perform { $0.beginControl(id: id, continuation) }
            outgoing.yield(line)
        }
    }

    // MARK: The end

    /// Ends it in order: end of its input (it writes its transcript and leaves), after `grace` SIGTERM, 5 s later kill. Returns when
    /// it has ended; at the latest some 25 s after `grace`.
    @discardableResult
    public func stop(grace: Duration = .seconds(5)) async -> InstanceEnd {
        state.withLock { $0.markStopping() }
        outgoing.finish()
        if let end = await ended(within: grace) { return end }
        signalGuard(.terminate)
        if let end = await ended(within: .seconds(5)) { return end }
        signalGuard(.killEverything)
        // The guard itself gives up after 10 s.
        if let end = await ended(within: .seconds(12)) { return end }
        logger.error("a guard did not end by itself and is killed", metadata: ["instance": "\(name)"])
        signalGuard(.killGuard)
        return await ended
    }

    /// Kills it and everything it started, now. ``ended`` tells when that is done.
    public func kill() {
        // Its input stays open: it might leave by itself at the end of it, with a code that looks like peace.
        state.withLock { $0.markStopping() }
        signalGuard(.killEverything)
    }

    private func ended(within limit: Duration) async -> InstanceEnd? {
        let id = state.withLock { $0.makeID() }
        let timer = after(limit) { instance in instance.perform { $0.giveUpAwaitingEnd(id: id) } }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            perform { $0.awaitEnd(id: id, continuation) }
        }
    }

    // MARK: Lock, then act

    /// Changes the state under its lock, then does what that asks for.
    func perform(_ change: (inout InstanceState) -> [InstanceState.Effect]) {
        // Effects hold continuations of other tasks, which only this call resumes.
        for effect in state.withLock({ change(&$0) }) {
            switch effect {
            case .resumeTurn(let continuation, let finished): continuation.resume(returning: finished)
            case .resumeControl(let continuation, .success(let answer)): continuation.resume(returning: answer)
            case .resumeControl(let continuation, .failure(let failure)): continuation.resume(throwing: failure)
            case .resumeEnd(let continuation, let end): continuation.resume(returning: end)
            case .kill: kill()
            case .refuse(let id): refuse(id)
            case .interrupt: Task { await interrupt() }
            case .countRetry(let error, let status): retries?.count(error: error, status: status)
            }
        }
    }

    private func refuse(_ requestID: String) {
        do {
            outgoing.yield(try OutgoingLine.refusal(of: requestID))
        } catch {
            logger.warning(
                "a request of claude's could not be answered", metadata: ["instance": "\(name)", "reason": "\(error)"])
        }
    }

    func noteActivity() { activity.withLock { $0 = .now } }

    /// Runs `body` once `limit` is over, unless cancelled.
    func after(_ limit: Duration, _ body: @escaping @Sendable (ClaudeInstance) -> Void) -> Task<Void, Never> {
        Task { [weak self] in
            do { try await Task.sleep(for: limit) } catch { return }  // Cancelled: what was awaited has come.
            if let self { body(self) }
        }
    }
}
