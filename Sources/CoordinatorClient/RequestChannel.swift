import ClusterWire
/// A message that answers a request by its number.
protocol NumberedReply: WireMessage, Sendable {
    var requestID: UInt64 { get }
}

/// Numbers requests, keeps those without an answer and sends them again when the connection is new or the answer is late.
/// Every request may arrive twice: they are all made so that this changes nothing.
actor RequestChannel<Reply: NumberedReply> {
    /// Names a request that was sent: its answer is asked for later.
    struct Ticket: Sendable {
        fileprivate let id: UInt64
    }

    private struct Pending {
        var frame: [UInt8]
        let since: ContinuousClock.Instant
        let timeLimit: Duration?
        var repeatAt: ContinuousClock.Instant
        var repeatAfter: Duration
        var waiter: CheckedContinuation<Reply, any Error>?
        var outcome: Result<Reply, any Error>?
    }

    private static var tick: Duration { .milliseconds(100) }

    private let endpoint: String
    private let transport: any FrameTransport
    private let limits: ClientLimits
    private let clock = ContinuousClock()
    private var pending: [UInt64: Pending] = [:]
    private var lastID: UInt64 = 0
    private var hasAnswered = false
    private var openedAt: ContinuousClock.Instant
    private var slotWaiters: [CheckedContinuation<Void, Never>] = []
    private var slotsTaken = 0
    private var reader: Task<Void, Never>?
    private var ticker: Task<Void, Never>?
    private var isClosed = false
    private var isConnected = false
    /// Why the other side won't have us, or why a frame was not taken.
    private var trouble: String?
    /// Frames that were no reply, or to no request of ours.
    private(set) var dropped = 0

    init(endpoint: String, transport: any FrameTransport, limits: ClientLimits) {
        self.endpoint = endpoint
        self.transport = transport
        self.limits = limits
        openedAt = clock.now
    }

    /// Sends a request and waits for its answer.
    /// - Parameter timeLimit: How long a coordinator that had answered before may take; nil: for ever.
    /// - Throws: ``CoordinatorUnreachable``, `CancellationError`.
    func exchange(timeLimit: Duration?, _ frame: (UInt64) throws -> [UInt8]) async throws -> Reply {
        try await answer(to: await send(timeLimit: timeLimit, frame))
    }

    /// Sends a request once there is room for one more. Requests go out in the order of these calls.
    func send(timeLimit: Duration?, _ frame: (UInt64) throws -> [UInt8]) async throws -> Ticket {
        start()
        await takeSlot()
        lastID += 1
        let id = lastID
        do {
            let bytes = try frame(id)
            let now = clock.now
            pending[id] = Pending(
                frame: bytes, since: now, timeLimit: timeLimit, repeatAt: now + limits.firstRepeat,
                repeatAfter: limits.firstRepeat)
            // Without a connection it waits here: all that is open goes out with the next one.
            if isConnected { post(bytes) }
            return Ticket(id: id)
        } catch {
            releaseSlot()
            throw error
        }
    }

    /// Waits for the answer; asked once for each ticket.
    func answer(to ticket: Ticket) async throws -> Reply {
        defer { pending[ticket.id] = nil }
        if let outcome = pending[ticket.id]?.outcome { return try outcome.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled || isClosed {
                    continuation.resume(throwing: CancellationError())
                    releaseIfOpen(ticket.id)
                } else {
                    pending[ticket.id]?.waiter = continuation
                }
            }
        } onCancel: {
            Task { await self.settle(ticket.id, .failure(CancellationError())) }
        }
    }

    /// Ends the connection; what waits is cancelled.
    func close() {
        isClosed = true
        for id in pending.keys.sorted() { settle(id, .failure(CancellationError())) }
        ticker?.cancel()
        transport.close()
    }

    private func start() {
        guard reader == nil, !isClosed else { return }
        openedAt = clock.now
        let events = transport.events
        reader = Task { [weak self] in
            for await event in events { await self?.take(event) }
        }
        ticker = Task { [weak self] in
            while !Task.isCancelled, let channel = self {
                await channel.checkTimes()
                do { try await Task.sleep(for: Self.tick) } catch { return }
            }
        }
    }

    private func take(_ event: TransportEvent) {
        switch event {
        case .connected:
            isConnected = true
            trouble = nil
            for id in pending.keys.sorted() { sendAgain(id) }
        case .disconnected: isConnected = false
        case .refused(let reason): trouble = reason
        case .frame(let bytes):
            guard let reply = Self.decode(bytes), pending[reply.requestID] != nil else {
                dropped += 1
                return
            }
            hasAnswered = true
            settle(reply.requestID, .success(reply))
        }
    }

    private static func decode(_ bytes: [UInt8]) -> Reply? {
        do {
            return try Reply(serializedBytes: bytes)
        } catch {
            // Garbage on the socket: counted by the caller, and the request is repeated when its answer stays out.
            return nil
        }
    }

    private func checkTimes() {
        let now = clock.now
        for (id, request) in pending.sorted(by: { $0.key < $1.key }) where request.outcome == nil {
            if !hasAnswered && now - max(openedAt, request.since) >= limits.connectTimeout {
                settle(id, .failure(unreachable(limits.connectTimeout)))
            } else if hasAnswered, let limit = request.timeLimit, now - request.since >= limit {
                settle(id, .failure(unreachable(limit)))
            } else if isConnected && now >= request.repeatAt {
                sendAgain(id)
            }
        }
    }

    private func sendAgain(_ id: UInt64) {
        guard var request = pending[id], request.outcome == nil else { return }
        request.repeatAt = clock.now + request.repeatAfter
        request.repeatAfter = min(request.repeatAfter * 2, limits.longestRepeat)
        pending[id] = request
        post(request.frame)
    }

    /// A frame that is not taken now is repeated like one without an answer.
    private func post(_ frame: [UInt8]) {
        do {
            try transport.send(frame)
        } catch {
            trouble = "\(error)"
        }
    }

    private func unreachable(_ tried: Duration) -> CoordinatorUnreachable {
        CoordinatorUnreachable(endpoint: endpoint, tried: tried, hadAnswered: hasAnswered, reason: trouble)
    }

    private func settle(_ id: UInt64, _ outcome: Result<Reply, any Error>) {
        guard var request = pending[id], request.outcome == nil else { return }
        request.outcome = outcome
        request.frame = []
        let waiter = request.waiter
        request.waiter = nil
        pending[id] = request
        releaseSlot()
        waiter?.resume(with: outcome)
    }

    private func releaseIfOpen(_ id: UInt64) {
        guard pending[id] != nil, pending[id]?.outcome == nil else { return }
        pending[id] = nil
        releaseSlot()
    }

    private func takeSlot() async {
        if slotsTaken < limits.inFlight {
            slotsTaken += 1
            return
        }
        await withCheckedContinuation { slotWaiters.append($0) }
    }

    /// A freed slot goes to the first who waits, so that order is kept.
    private func releaseSlot() {
        if slotWaiters.isEmpty { slotsTaken -= 1 } else { slotWaiters.removeFirst().resume() }
    }
}
