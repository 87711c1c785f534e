import NIOCore
import Synchronization

/// Knows the connections, and cancels a connection's call when it closes.
final class Callers: Sendable {
    private struct State: Sendable {
        var watches: [ObjectIdentifier: CallerWatch.Box] = [:]
    }

    private let state = Mutex(State())

    /// A handler for a new connection.
    func watch() -> CallerWatch { CallerWatch(callers: self) }

    /// Has `call` cancelled when the connection closes, or at once when it has; until ``release(_:)``.
    func attach(_ call: CancelSwitch, to channel: any Channel) {
        let box = state.withLock { $0.watches[ObjectIdentifier(channel)] }
        guard let box, box.attach(call) else { return call.fire() }
    }

    func release(_ channel: any Channel) {
        state.withLock { $0.watches[ObjectIdentifier(channel)] }?.release()
    }

    fileprivate func add(_ box: CallerWatch.Box, for channel: any Channel) {
        state.withLock { $0.watches[ObjectIdentifier(channel)] = box }
    }

    fileprivate func remove(_ channel: any Channel) {
        state.withLock { $0.watches[ObjectIdentifier(channel)] }?.close()
        state.withLock { _ = $0.watches.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}

/// Notices that a caller has left. A caller that closed its end has left too: without that its connection would stay half open, unnoticed.
///
/// Unchecked, because a handler is made on one thread and used on its connection's event loop alone after that; it holds nothing that changes.
final class CallerWatch: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = NIOAny

    /// The call that the connection has now.
    final class Box: Sendable {
        private struct State: Sendable {
            var isClosed = false
            var call: CancelSwitch?
        }

        private let state = Mutex(State())

        /// False: the connection is closed.
        func attach(_ call: CancelSwitch) -> Bool {
            state.withLock { state in
                guard !state.isClosed else { return false }
                state.call = call
                return true
            }
        }

        func release() { state.withLock { $0.call = nil } }

        func close() {
            let call = state.withLock { state in
                state.isClosed = true
                defer { state.call = nil }
                return state.call
            }
            call?.fire()
        }
    }

    private let callers: Callers

    init(callers: Callers) { self.callers = callers }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        callers.add(Box(), for: channel)
        do {
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        } catch {
            // It can be refused only where the connection is closed already.
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        callers.remove(context.channel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { callers.remove(context.channel) }
}
