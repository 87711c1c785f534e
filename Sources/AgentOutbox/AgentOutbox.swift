import ClusterModel
import Foundation
import Synchronization

/// Finished attempts on the agent's own disk, from before they are sent until the coordinator has them on its own.
///
/// A thread of its own writes: what arrives during one commit goes together into the next. When the disk takes nothing, everything stays in memory
/// and is tried again each second; `onHoldChanged` tells why the agent should take no more work.
public final class AgentOutbox: Sendable {
    /// Made once, when the state directory was.
    public let agentID: AgentID
    private let directory: StateDirectory
    private let file: OutboxFile
    private let limits: OutboxLimits
    private let onHoldChanged: @Sendable (String?) -> Void
    private let state: Mutex<State>
    private let wakeUp = DispatchSemaphore(value: 0)
    private static let retrySeconds = 1.0
    /// How long what was acknowledged may wait for something that must be written.
    private static let removalPause = DispatchTimeInterval.milliseconds(20)

    private struct State {
        var held = HeldResults()
        var callbacks: [@Sendable () -> Void] = []
        var diskTrouble: String?
        var told: String?
        var isClosing = false
        var closed: [CheckedContinuation<Void, Never>] = []
        var hasClosed = false
    }

    /// Opens the outbox in a directory that this process holds, and starts its thread.
    ///
    /// - Parameter synchronous: SQLite's word for how it waits for the disk; anything but full may lose results with the power.
    /// - Parameter onHoldChanged: Called from any thread with a sentence when the outbox is full or its disk takes nothing, with nil when it is well again.
    /// - Throws: ``OutboxError`` if the file can't be used.
    public convenience init(
        in directory: StateDirectory, limits: OutboxLimits = .standard, synchronous: String = "full",
        onHoldChanged: @escaping @Sendable (String?) -> Void
    ) throws(OutboxError) {
        try self.init(
            in: directory, limits: limits, pageLimit: nil, synchronous: synchronous, onHoldChanged: onHoldChanged)
    }

    init(
        in directory: StateDirectory, limits: OutboxLimits, pageLimit: Int?, synchronous: String = "full",
        onHoldChanged: @escaping @Sendable (String?) -> Void
    ) throws(OutboxError) {
        self.directory = directory
        self.limits = limits
        self.onHoldChanged = onHoldChanged
        file = try OutboxFile(path: directory.outboxFile, pageLimit: pageLimit, synchronous: synchronous)
        var state = State()
        do {
            agentID = try file.agentID()
            for batch in try file.batches() { state.held.found(batch.entries, in: batch.sequence) }
        } catch let error as OutboxError {
            throw error
        } catch {
            throw OutboxError(
                code: .unreadable,
                message: "the outbox \(directory.outboxFile) cannot be read: \(OutboxFile.words(error))")
        }
        self.state = Mutex(state)
        let thread = Thread { [self] in write() }
        thread.name = "outbox"
        thread.start()
        tellHold()
    }

    /// What the coordinator hasn't acknowledged, oldest first.
    ///
    /// - Throws: ``OutboxError`` if the file can't be read.
    public func pending() throws(OutboxError) -> [OutboxEntry] {
        do {
            return try file.batches().flatMap(\.entries)
        } catch {
            throw OutboxError(
                code: .unreadable,
                message: "the outbox \(directory.outboxFile) cannot be read: \(OutboxFile.words(error))")
        }
    }

    /// Results that are held, on disk or on their way to it.
    public var count: Int { state.withLock { $0.held.count } }

    /// Why the agent should take no more work; nil: there is no reason.
    public var heldBecause: String? { state.withLock { hold($0) } }

    /// Takes finished attempts; `whenDurable` is called from the outbox's thread once they are on disk.
    public func append(_ entries: [OutboxEntry], whenDurable: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.held.append(entries)
            state.callbacks.append(whenDurable)
        }
        tellHold()
        wakeUp.signal()
    }

    /// Forgets what the coordinator has.
    public func acknowledged(_ tokens: [AttemptToken]) {
        state.withLock { $0.held.acknowledged(tokens) }
        tellHold()
        wakeUp.signal()
    }

    /// Writes what is left, if the disk takes it, and ends the thread. Nothing may be appended afterwards.
    public func close() async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                state.isClosing = true
                if !state.hasClosed { state.closed.append(continuation) }
                return state.hasClosed
            }
            if isClosed { continuation.resume() } else { wakeUp.signal() }
        }
    }

    // MARK: The thread

    private func write() {
        while true {
            let closing = state.withLock { $0.isClosing }
            let isWell = commitAll()
            if closing { break }
            if isWell {
                awaitWork()
            } else {
                _ = wakeUp.wait(timeout: .now() + Self.retrySeconds)
            }
        }
        let trouble: String?
        do {
            try file.close()
            trouble = nil
        } catch {
            trouble = "the outbox \(directory.outboxFile) was not closed well: \(OutboxFile.words(error))"
        }
        if let trouble { onHoldChanged(trouble) }
        let waiting = state.withLock { state in
            state.hasClosed = true
            defer { state.closed = [] }
            return state.closed
        }
        for continuation in waiting { continuation.resume() }
    }

    /// New results are written at once. What was acknowledged goes along with them, since a commit of its own would hold up the next of
    /// them; only when none come for a while it is taken off the disk alone.
    private func awaitWork() {
        wakeUp.wait()
        let deadline = DispatchTime.now() + Self.removalPause
        while state.withLock({ !$0.held.hasNew && !$0.isClosing }), wakeUp.wait(timeout: deadline) == .success {}
    }

    /// False when the disk took nothing.
    private func commitAll() -> Bool {
        let (changes, callbacks) = state.withLock { state in
            defer { state.callbacks = [] }
            return (state.held.changes(), state.callbacks)
        }
        var rest = changes[...]
        while !rest.isEmpty {
            var bytes = 0
            let part = rest.prefix(limits.rowsPerCommit).prefix { change in
                defer { bytes += change.bytes }
                return bytes < limits.bytesPerCommit
            }
            do {
                try file.commit(part)
            } catch {
                let words = OutboxFile.words(error)
                state.withLock { state in
                    state.held.notWritten(rest)
                    state.callbacks = callbacks + state.callbacks
                    state.diskTrouble = "the disk under \(directory.path) takes no results (\(words)): make room"
                }
                tellHold()
                return false
            }
            state.withLock { $0.held.written(part) }
            rest = rest.dropFirst(part.count)
        }
        state.withLock { $0.diskTrouble = nil }
        tellHold()
        for callback in callbacks { callback() }
        return true
    }

    private func hold(_ state: State) -> String? {
        if let trouble = state.diskTrouble { return trouble }
        if state.held.count >= limits.entries {
            return
                "the outbox holds \(state.held.count) results that the coordinator has not acknowledged (limit \(limits.entries))"
        }
        if state.held.bytes >= limits.bytes {
            return
                "the outbox holds \(state.held.bytes) bytes that the coordinator has not acknowledged (limit \(limits.bytes))"
        }
        return nil
    }

    /// Only the change between well and not well, or from one kind of trouble to another, is told: not every further result.
    private func tellHold() {
        let news: String?? = state.withLock { state in
            let now = hold(state)
            let isNews = (now == nil) != (state.told == nil)
            guard isNews else { return .none }
            state.told = now
            return .some(now)
        }
        if case .some(let news) = news { onHoldChanged(news) }
    }
}
