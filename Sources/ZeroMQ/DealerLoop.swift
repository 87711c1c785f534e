import Glibc

/// The thread's side of a ``DealerConnection``.
final class DealerLoop {
    /// Messages read before the outbox gets its turn.
    private static let messagesPerTurn = 256
    /// The first pause before a socket that the library gave up is replaced; it doubles up to the options' maximum.
    private static let firstPauseMilliseconds = 250

    /// A socket with all that watches it.
    private struct Line {
        let socket: Socket
        let monitor: SocketMonitor
        let item: Poller.Item
        let monitorItem: Poller.Item
    }

    private let plan: DealerPlan
    private let outbox: DealerOutbox
    private let counters: DealerCounters
    private var poller = Poller()
    private var wake: Poller.Item
    private var line: Line?

    private var incoming = Incoming()
    private var pending: [[UInt8]] = []
    private var firstPending = 0
    private var isConnected = false
    private var lastReported: ConnectionChange?
    // The library doesn't try again after some failures (a protocol error, a frame too large): then the socket is replaced.
    private var replaceAt: Int64?
    private var pauseMilliseconds = DealerLoop.firstPauseMilliseconds
    private var closeAt: Int64?

    init(_ plan: DealerPlan, _ outbox: DealerOutbox, _ counters: DealerCounters) throws {
        self.plan = plan
        self.outbox = outbox
        self.counters = counters
        wake = poller.add(outbox.wakeUp)
        try open()
    }

    func run() {
        while !isFinished {
            do {
                try turn()
            } catch {
                abandon(reason: "\(error)")
            }
        }
        hangUp()
    }

    /// Nothing left to send, or no time left to.
    private var isFinished: Bool {
        guard let closeAt else { return false }
        return firstPending == pending.count || MonotonicClock.milliseconds >= closeAt
    }

    private func turn() throws {
        try waitForWork()
        if poller.isReadable(wake) { outbox.wakeUp.drain() }
        if let replaceAt, MonotonicClock.milliseconds >= replaceAt {
            disconnect()
            try open()
        } else if let line {
            try readEvents(line)
            try readMessages(line)
        }
        takeFromOutbox()
        if isConnected, let line { try sendPending(line) }
    }

    private func waitForWork() throws {
        if let line {
            let isBlocked = isConnected && firstPending < pending.count
            poller.setInterest(line.item, isBlocked ? [.readable, .writable] : .readable)
        }
        let next = [replaceAt, closeAt].compactMap { $0 }.min()
        _ = try poller.wait(timeoutMilliseconds: next.map { Int(max(0, $0 - MonotonicClock.milliseconds)) })
    }

    private func takeFromOutbox() {
        // Only the emptied array is swapped in, so the sent head of a blocked one is cut off once it is the larger part.
        if firstPending > 1024, firstPending > pending.count / 2 {
            pending.removeFirst(firstPending)
            firstPending = 0
        }
        if let linger = outbox.takeAll(into: &pending), closeAt == nil {
            closeAt = MonotonicClock.milliseconds + Int64(linger)
        }
    }

    private func readEvents(_ line: Line) throws {
        while let event = try line.monitor.next() {
            switch event {
            case .handshakeSucceeded:
                replaceAt = nil
                pauseMilliseconds = Self.firstPauseMilliseconds
                setConnected(true)
                report(.connected)
                try greet(line)
            case .disconnected:
                if isConnected {
                    setConnected(false)
                    report(.disconnected)
                }
                scheduleReplacement()
            case .handshakeFailed(let reason):
                setConnected(false)
                report(.handshakeFailed(reason: "\(plan.endpoint): \(reason)"))
                scheduleReplacement()
            case .retrying:
                replaceAt = nil
            }
        }
    }

    private func readMessages(_ line: Line) throws {
        for _ in 0..<Self.messagesPerTurn {
            guard try line.socket.receive(into: &incoming) else { return }
            guard incoming.frames.count == 1 else {
                counters.droppedMessages.add(1, ordering: .relaxed)
                continue
            }
            incoming.frames[0].withUnsafeBytes { plan.onMessage($0) }
        }
    }

    private func greet(_ line: Line) throws {
        guard let frame = plan.greeting() else { return }
        // A new connection's queue is empty; if it takes nothing, the connection is gone already and the next is greeted.
        _ = try line.socket.send(frame)
    }

    private func sendPending(_ line: Line) throws {
        var bytes = 0
        let first = firstPending
        defer {
            outbox.sent(frames: firstPending - first, bytes: bytes)
            if firstPending == pending.count {
                pending.removeAll(keepingCapacity: true)
                firstPending = 0
            }
        }
        while firstPending < pending.count {
            guard try line.socket.send(pending[firstPending]) == .sent else { return }
            bytes += pending[firstPending].count
            pending[firstPending] = []
            firstPending += 1
        }
    }

    private func open() throws {
        let socket = try Socket(plan.context, .dealer)
        try socket.apply(plan.options)
        try socket.curveClient(plan.keys, serverKey: plan.serverKey)
        let monitor = try SocketMonitor(socket)
        try socket.connect(plan.endpoint)
        poller = Poller()
        wake = poller.add(outbox.wakeUp)
        line = Line(
            socket: socket, monitor: monitor, item: try poller.add(socket), monitorItem: try monitor.add(to: &poller))
    }

    private func scheduleReplacement() {
        guard replaceAt == nil else { return }
        // Spread, so that a fleet doesn't come back in one instant.
        let pause = pauseMilliseconds + Int.random(in: 0...pauseMilliseconds / 2)
        replaceAt = MonotonicClock.milliseconds + Int64(pause)
        let maximum = plan.options.reconnectMaximumMilliseconds ?? 5000
        pauseMilliseconds = min(pauseMilliseconds * 2, max(maximum, Self.firstPauseMilliseconds))
    }

    /// Gives up a socket that failed; another is made after a pause.
    private func abandon(reason: String) {
        disconnect()
        report(.handshakeFailed(reason: reason))
        scheduleReplacement()
    }

    private func disconnect() {
        replaceAt = nil
        poller = Poller()
        wake = poller.add(outbox.wakeUp)
        line?.monitor.close()
        line?.socket.close()
        line = nil
        if isConnected {
            setConnected(false)
            report(.disconnected)
        }
    }

    /// The end: the socket has the rest of the linger for what it took.
    private func hangUp() {
        let rest = max(0, (closeAt ?? 0) - MonotonicClock.milliseconds)
        var options = SocketOptions()
        options.lingerMilliseconds = Int(rest)
        do {
            try line?.socket.apply(options)
        } catch {
            report(.handshakeFailed(reason: "\(error)"))
        }
        disconnect()
    }

    private func setConnected(_ value: Bool) {
        isConnected = value
        counters.isConnected.store(value, ordering: .releasing)
    }

    private func report(_ change: ConnectionChange) {
        if change == lastReported { return }
        lastReported = change
        plan.onConnectionChange(change)
    }
}
