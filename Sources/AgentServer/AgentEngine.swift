import AgentOutbox
import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import ExecRunner
import Logging
import Settings
import ZeroMQ

/// The agent's one loop: takes inputs in order, asks the pool, does what it says.
actor AgentEngine {
    /// A turn of the loop without any other input: heartbeats, repeats and silence are looked at so often.
    static let tickMilliseconds: Int64 = 200
    /// Results wait for others at most so long, and so many, before they go to the disk.
    static let gatherTime: Duration = .milliseconds(5)
    static let gatheredAtMost = 128
    /// Between two looks at the instances' memory.
    static let memoryInterval: Milliseconds = .seconds(5)

    let settings: AgentSettings
    let logger: Logger
    let context: Context
    let keys: CurveKeyPair
    let serverKey: CurvePublicKey
    let ledger: SharedLedger
    let outbox: AgentOutbox
    let connection: DealerConnection
    let feed: AsyncStream<EngineInput>.Continuation
    let runner: InstanceRunner
    let permits: PermitBroker
    let policy: JobPolicy
    let ready: ReadySignal
    let redactor: Redactor
    let transcripts: Transcripts

    var pool: AgentPool<String>
    var attempts: [AttemptToken: AttemptRecord] = [:]
    var instances: [InstanceID: InstanceRecord] = [:]
    /// Launched and not answering yet.
    var starting: [InstanceID: LaunchPlan] = [:]
    /// Tasks that met a 403 since a turn last succeeded; three of them make it the credential's trouble.
    var forbiddenInARow: Set<TaskID> = []
    /// To be killed as soon as it answers.
    var unwanted: Set<InstanceID> = []
    var execSlots: ExecSlots
    var execs: [AttemptToken: ExecRecord] = [:]
    var execPlaces: [Int: ExecPlace] = [:]
    var execPace = ExecPace()
    var results = ResultQueue()
    /// Results that name a conversation, whose copy is on disk.
    var carryingTranscript: Set<AttemptToken> = []
    /// Ended, and not yet on their way to the disk.
    var gathered: [OutboxEntry] = []
    /// Results on their way to the disk.
    var writing = 0
    var uploading: AttemptToken?
    var nextUploadAt = Instant.origin
    var blobs: BlobConnection?
    var link = CoordinatorLink()
    var departure = Departure()
    var wake: (at: Instant, timer: Task<Void, Never>)?
    var nextMemoryLook = Instant.origin
    var residentBytes: UInt64 = 0
    let host: HostReader
    var sizer: PoolSizer
    var nextHostLook = Instant.origin
    var nextSilenceLook = Instant.origin
    /// The last ways in which instances were wanted, the latest last: spares are launched like one of them.
    var recentLaunches: [(fingerprint: String, options: TaskOptions)] = []
    static let recentLaunchesAtMost = 8
    var droppedMessages = 0
    /// As the coordinator was last told.
    var retriesTold: [RetryTally.Entry] = []

    /// A live instance and what it was told last.
    struct InstanceRecord {
        var instance: ClaudeInstance
        var model: String
        var permissionMode: String
        /// Its turn's beginning; nil between turns.
        var turnBegan: ContinuousClock.Instant?
        /// When it last had a reason to be silent.
        var quietSince: ContinuousClock.Instant?
    }

    /// All that an engine works with.
    struct Parts: Sendable {
        var settings: AgentSettings
        var logger: Logger
        var context: Context
        var keys: CurveKeyPair
        var serverKey: CurvePublicKey
        var ledger: SharedLedger
        var outbox: AgentOutbox
        var connection: DealerConnection
        var feed: AsyncStream<EngineInput>.Continuation
        var runner: InstanceRunner
        var permits: PermitBroker
        var ready: ReadySignal
    }

    init(_ parts: Parts) {
        settings = parts.settings
        logger = parts.logger
        context = parts.context
        keys = parts.keys
        serverKey = parts.serverKey
        ledger = parts.ledger
        outbox = parts.outbox
        connection = parts.connection
        feed = parts.feed
        runner = parts.runner
        permits = parts.permits
        ready = parts.ready
        redactor = Redactor(environment: parts.runner.environment)
        transcripts = parts.runner.transcripts
        policy = JobPolicy(
            parts.settings.policy, searchPath: parts.runner.environment["PATH"] ?? ExecEnvironment.defaultPath)
        execSlots = ExecSlots(
            capacity: parts.settings.instances,
            holdsQueue: parts.settings.policy.runners.allSatisfy { $0 == "exec" || $0 == "noop" })
        host = HostReader(directory: parts.settings.stateDirectory)
        sizer = PoolSizer(
            minimum: parts.settings.minInstances, maximum: parts.settings.instances,
            isExplicit: parts.settings.instancesAreExplicit)
        var bounds = PoolConfiguration(parts.settings)
        bounds.longestHold = parts.settings.longestHold
        pool = AgentPool(bounds, at: Clocks.now())
    }

    /// Works until the agent has left, or was refused for good.
    func run(_ inputs: AsyncStream<EngineInput>, pending: [OutboxEntry]) async throws {
        try takeUpTranscripts(pending)
        try results.add(pending)
        warnOfSize()
        let ticker = Task { [feed] in
            while !Task.isCancelled {
                feed.yield(.tick)
                // It throws when the engine has ended.
                do { try await Task.sleep(for: .milliseconds(Self.tickMilliseconds)) } catch { return }
            }
        }
        defer {
            ticker.cancel()
            wake?.timer.cancel()
            blobs?.close()
            for place in execPlaces.values { place.close() }
        }
        for await input in inputs {
            try take(input, at: Clocks.now())
            if departure.isComplete { break }
        }
        if let refusal = departure.refusal { throw refusal }
    }

    private func take(_ input: EngineInput, at now: Instant) throws {
        switch input {
        case .connected: linkCameUp()
        case .disconnected: linkWentDown(reason: nil)
        case .handshakeFailed(let reason): linkWentDown(reason: reason)
        case .message(let message): try received(message, at: now)
        case .unreadableMessage: dropped("a message that is not one of the protocol's")

        case .instanceStarted(let id, let instance): instanceStarted(id, instance, at: now)
        case .startFailed(let id, let failure): startFailed(id, failure, at: now)
        case .turnEnded(let id, let token, let outcome): turnEnded(id, token, outcome, at: now)
        case .transcriptKept(let id, let token, let outcome): transcriptKept(id, token, outcome, at: now)
        case .cleared(let id, let succeeded): perform(pool.cleared(id, succeeded: succeeded, at: now))
        case .permitsChanged: sendPermits()
        case .callHeld(let id): perform(pool.callHeld(id, at: now))
        case .callReleased(let id): perform(pool.callReleased(id, at: now))
        case .instanceEnded(let id): perform(pool.instanceDied(id, at: now))
        case .instanceStopped(let id):
            instances[id] = nil
            perform(pool.instanceStopped(id, at: now))

        case .baseCame(let token, let base): baseCame(token, base, at: now)
        case .baseFailed(let token, let error): baseFailed(token, error)
        case .workspaceCollected(let token, let result, let hasStragglers):
            workspaceCollected(token, result, hasStragglers)
        case .promptCame(let token, let prompt): promptCame(token, prompt, at: now)
        case .promptFailed(let token, let reason): promptFailed(token, reason)
        case .execEnded(let token, let outcome): execEnded(token, outcome, at: now)
        case .gathered: writeGathered()
        case .durable(let results): try resultsAreDurable(results, at: now)
        case .uploaded(let token, let message):
            uploading = nil
            try results.uploaded(token, message)
            try sendResults(at: now)
        case .uploadFailed(let token, let reason): uploadFailed(token, reason, at: now)
        case .outboxHold: outboxHoldChanged(at: now)

        case .poolWake: perform(pool.timePassed(at: now))
        case .tick: try tick(at: now)
        case .drain: drain(at: now)
        case .stopNow: stopNow(at: now)
        }
        look(at: now)
    }

    /// Follows the pool's effects.
    func perform(_ effects: [PoolEffect<String>]) {
        tellLifecycle()
        for effect in effects {
            switch effect {
            case .start(let id, _, let token): launch(id, for: token)
            case .startSpare(let id, let fingerprint): launchSpare(id, fingerprint)
            case .runTurn(let id, let token): runTurn(id, token)
            case .clear(let id):
                if let record = instances[id] { runner.clear(id, record.instance) }
            case .interrupt(let id):
                if let record = instances[id] { runner.interrupt(record.instance) }
            case .terminate(let id):
                if let record = instances[id] { runner.terminate(record.instance) }
            case .kill(let id):
                if let record = instances[id] { record.instance.kill() } else { unwanted.insert(id) }
            case .stop(let id): stop(id)
            case .end(let token, let end, let id): attemptEnded(token, end, on: id)
            case .wake(let time): schedule(time)
            case .capacityChanged: capacityChanged()
            case .drained: departure.poolIsEmpty = true
            }
        }
    }

    private func schedule(_ time: Instant) {
        wake?.timer.cancel()
        let pause = max(0, time.nanoseconds - Clocks.now().nanoseconds)
        let timer = Task { [feed] in
            do { try await Task.sleep(for: .nanoseconds(pause)) } catch { return }  // Another time took its place.
            feed.yield(.poolWake)
        }
        wake = (time, timer)
    }
}
