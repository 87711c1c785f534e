import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import Logging
import Settings
import Trust
import ZeroMQ

/// The coordinator's one loop: sockets and core on one thread. It never waits for disk: a turn's effects lie in `inFlight` until the
/// store's thread says that its records are there.
final class CoordinatorLoop {
    /// Rows of one transaction: enough for most of the disk's throughput, few enough for short turns.
    static let rowsPerCommit = 1400
    /// Messages read from one socket before the other has its turn.
    static let messagesPerDrain = 256
    /// After so many failed transactions in a row the pauses between them grow no longer: 2 s.
    static let longestPauses = 10
    /// Replies that may wait for a transaction; beyond it nothing more is read until it is on disk.
    static let repliesAtMost = 1000
    /// The longest wait of a poll: silence is noticed at this grain.
    static let pollAtMostMilliseconds: Int64 = 250
    /// A turn that begins this much later than it should was a standstill of ours.
    static let stallMilliseconds: Int64 = 500

    /// A turn whose records are being written.
    struct InFlight {
        var effects: [Effect]
        var replies: [OutgoingReply]
        var prompts: [TaskID: Content]
        var wanted: [TaskID]
        /// The last record of the limits among its records.
        var quotas: UInt64?
    }

    let settings: CoordinatorSettings
    let logger: Logger
    let store: SQLiteStore
    let agentsSocket: Socket
    let clientsSocket: Socket
    let mailbox: Mailbox<LoopMail>
    let wakeUp: WakeUp
    let storeThread: StoreThread
    let queryThread: QueryThread
    var blobsEndpoint: String { blobs.endpoint }
    let droppedFrames: DroppedFrames
    let backups = Backups()
    let blobs: BlobThread
    let ring: KeyRing
    /// Jobs were pruned since blobs were last swept.
    var blobsMayBeLeft = false
    let clock = Clock()

    var core: CoordinatorCore
    var inFlight: InFlight?
    /// This turn went over its share of large jobs already.
    var hasSwept = false
    var isStopping = false
    var payloads: PayloadCache
    /// Replies computed from this turn's state: they go out with its effects.
    var turnReplies: [OutgoingReply] = []
    var waitingReplies: [UInt64: (route: RoutingID, request: UInt64)] = [:]
    var nextHandle: UInt64 = 1
    var agentOfRoute: [RoutingID: AgentIndex] = [:]
    /// What the agents of ``agentOfRoute`` are let in by.
    var keyOfRoute: [RoutingID: String] = [:]
    var routeOfAgent: [AgentIndex: RoutingID] = [:]
    var unwelcomeRoutes: [UInt64: RoutingID] = [:]
    var freeBytes: UInt64 = 0
    var nextDiskCheck = Instant.origin
    /// Transactions that are on disk, since this coordinator started.
    var commits: UInt64 = 0
    /// Transactions that failed in a row.
    var troubles = 0
    /// Agents are not listened to before.
    var agentsHeldUntil = Instant.origin

    init(
        settings: CoordinatorSettings, logger: Logger, store: SQLiteStore, agents: Socket, clients: Socket,
        mailbox: Mailbox<LoopMail>, wakeUp: WakeUp, blobs: BlobThread, ring: KeyRing, droppedFrames: DroppedFrames
    ) throws {
        self.settings = settings
        self.logger = logger
        self.store = store
        self.agentsSocket = agents
        self.clientsSocket = clients
        self.mailbox = mailbox
        self.wakeUp = wakeUp
        self.blobs = blobs
        self.ring = ring
        self.droppedFrames = droppedFrames
        storeThread = try StoreThread(store: store, answer: mailbox)
        queryThread = try QueryThread(store: store, answers: mailbox)
        payloads = PayloadCache(bytesAtMost: Int(settings.payloadCacheBytes))
        core = try Self.recoveredCore(settings: settings, store: store, now: clock.now(), logger: logger)
    }

    static func recoveredCore(settings: CoordinatorSettings, store: SQLiteStore, now: Moment, logger: Logger) throws
        -> CoordinatorCore
    {
        var core = CoordinatorCore(
            storeID: store.storeID, term: store.term,
            configuration: CoreConfiguration(
                lease: settings.lease, suspectAfter: settings.suspectAfter, maxAttempts: UInt32(settings.maxAttempts),
                retryBase: settings.retryBase, retryCap: settings.retryCap, maxQueuedTasks: settings.maxQueuedTasks,
                ageing: settings.ageing,
                perDay: Spend(microUSD: settings.budgetPerDayMicroUSD, tokens: UInt64(settings.tokensPerDay))),
            seed: UInt64(bitPattern: now.instant.nanoseconds) ^ store.storeID.rawValue)
        let frame = try store.recoverFrame()
        let unused = try core.openDesk(limits: settings.quotas, recovered: frame, at: now)
        if !unused.isEmpty {
            logger.notice(
                "limits of before are not in force any more", metadata: ["names": "\(unused.joined(separator: ", "))"])
        }
        core.beginRecovery(frame)
        try store.recoverJobs { core.restore($0, at: now) }
        core.endRecovery(at: now)
        logger.info(
            "queue recovered",
            metadata: [
                "jobs": "\(core.jobCount)", "unfinished": "\(core.unfinishedTaskCount)",
                "open": "\(core.openAttemptCount)", "term": "\(store.term)",
            ])
        return core
    }

    /// Runs until it is told to stop; then commits what it has and ends its threads.
    func run() throws {
        defer {
            storeThread.stop()
            queryThread.stop()
            agentsSocket.close()
            clientsSocket.close()
        }
        var poller = Poller()
        let agents = try poller.add(agentsSocket)
        let clients = try poller.add(clientsSocket)
        let wake = poller.add(wakeUp)
        var incoming = Incoming()
        var mail: [LoopMail] = []
        var more = false
        var lastTurn = clock.instant()
        var clientsGoFirst = false
        while true {
            let canRead =
                !isStopping && core.pendingWeight < Self.rowsPerCommit && turnReplies.count < Self.repliesAtMost
            let agentsMaySpeak = canRead && clock.instant() >= agentsHeldUntil
            poller.setInterest(agents, agentsMaySpeak ? .readable : [])
            poller.setInterest(clients, canRead ? .readable : [])
            let timeout = canRead && (more || (core.hasSweeps && !hasSwept)) ? 0 : pollTimeout()
            _ = try poller.wait(timeoutMilliseconds: Int(timeout))
            noticeStall(since: lastTurn, expected: timeout)
            lastTurn = clock.instant()
            if poller.isReadable(wake) { wakeUp.drain() }
            mail.removeAll(keepingCapacity: true)
            mailbox.takeAll(into: &mail)
            for letter in mail { try take(letter) }
            if canRead {
                // A full turn reads no further: who comes first changes, so that a flood on one side does not silence the other.
                var clientsWait = clientsGoFirst ? try drain(clientsSocket, &incoming) { try clientMessage($0) } : false
                let agentsWait = try !agentsMaySpeak || drain(agentsSocket, &incoming) { try agentMessage($0) }
                if !clientsGoFirst { clientsWait = try drain(clientsSocket, &incoming) { try clientMessage($0) } }
                clientsGoFirst.toggle()
                more = (agentsMaySpeak && agentsWait) || clientsWait
                let now = clock.now()
                // Only after everything that agents sent was read may one be judged silent.
                if !agentsWait { core.timePassed(to: now) }
                core.keepQuotas(at: now)
                // At once: each moment between a grant and its call lets calls come closer together than they may.
                try answerCalls()
                // Once a transaction: all that runs meanwhile would make it longer for everyone else who waits for it.
                if !hasSwept {
                    core.sweep(at: now)
                    hasSwept = true
                }
                core.assignWork(at: now)
                checkDisk(at: now.instant)
            }
            try answerCalls()
            try turnOver()
            if isStopping, inFlight == nil, !core.hasPendingTurn { return }
        }
    }

    private func pollTimeout() -> Int64 {
        let left = core.nextDeadline.nanoseconds - clock.instant().nanoseconds
        return max(0, min(Self.pollAtMostMilliseconds, left / 1_000_000 + 1))
    }

    private func noticeStall(since before: Instant, expected: Int64) {
        let late = clock.instant().milliseconds(since: before).rawValue - expected
        guard late > Self.stallMilliseconds else { return }
        core.loopStalled(for: Milliseconds(late))
        logger.warning("the loop stood still; leases are extended by that", metadata: ["ms": "\(late)"])
    }

    /// Reads up to a bound of messages, or until the turn is full. True: more may wait.
    private func drain(_ socket: Socket, _ incoming: inout Incoming, _ handle: (Incoming) throws -> Void) throws -> Bool
    {
        for _ in 0..<Self.messagesPerDrain {
            guard core.pendingWeight < Self.rowsPerCommit else { return true }
            guard try socket.receive(into: &incoming) else { return false }
            try handle(incoming)
        }
        return true
    }

    private func take(_ letter: LoopMail) throws {
        switch letter {
        case .committed(let outcome): try committed(outcome)
        case .answer(let reply): try send(reply)
        case .reloaded(let job, let found): reloaded(job, found)
        case .stop: isStopping = true
        }
    }

    /// A frame that can't be read, or that nobody may send: dropped and counted; everyone else goes on.
    func drop(_ why: String, from route: RoutingID?) { droppedFrames.drop(why) }

    private func checkDisk(at now: Instant) {
        guard now >= nextDiskCheck else { return }
        nextDiskCheck = now + .seconds(1)
        checkKeys()
        do {
            freeBytes = try store.freeBytes()
            let low = freeBytes < UInt64(max(0, settings.minFreeDiskBytes))
            if low != core.diskIsLow {
                logger.log(
                    level: low ? .error : .notice,
                    low
                        ? "disk nearly full: submits are refused until there is room"
                        : "disk has room again: submits are taken",
                    metadata: ["directory": "\(store.directory)", "free_bytes": "\(freeBytes)"])
            }
            let isFull = settings.maxStoreBytes > 0 && store.fileBytes() >= UInt64(settings.maxStoreBytes)
            core.diskMeasured(isLow: low, storeIsFull: isFull)
        } catch {
            logger.error("the data directory's disk can't be measured", metadata: ["error": "\(error)"])
        }
    }
}
