import Synchronization

/// The bounded queue between those who send through a ``DealerConnection`` and its thread. A frame counts until the socket has it.
final class DealerOutbox: Sendable {
    private struct State {
        var frames: [[UInt8]] = []
        var unsentFrames = 0
        var unsentBytes = 0
        var closeLingerMilliseconds: Int?
    }

    let endpoint: String
    let frameLimit: Int
    let byteLimit: Int
    let frameByteLimit: Int
    let wakeUp: WakeUp
    private let state = Mutex(State())

    init(endpoint: String, frameLimit: Int, byteLimit: Int, frameByteLimit: Int) throws {
        precondition(frameLimit > 0 && byteLimit > 0, "an outbox holds at least one frame")
        self.endpoint = endpoint
        self.frameLimit = frameLimit
        self.byteLimit = byteLimit
        self.frameByteLimit = frameByteLimit
        wakeUp = try WakeUp()
    }

    func post(_ frame: [UInt8]) throws {
        guard frame.count <= frameByteLimit else {
            throw ZeroMQError(
                .tooLarge,
                "a frame of \(frame.count) bytes is too large for \(endpoint), which takes \(frameByteLimit): split it")
        }
        let isFirst = try state.withLock { state in
            guard state.closeLingerMilliseconds == nil else {
                throw ZeroMQError(.closed, "cannot send to \(endpoint): this connection is closed")
            }
            guard state.unsentFrames < frameLimit, state.unsentBytes + frame.count <= byteLimit else {
                throw ZeroMQError(
                    .full,
                    "\(state.unsentFrames) frames with \(state.unsentBytes) bytes already wait to be sent to \(endpoint)"
                        + " (the limit is \(frameLimit) frames and \(byteLimit) bytes): wait until it answers, then send again"
                )
            }
            state.unsentFrames += 1
            state.unsentBytes += frame.count
            state.frames.append(frame)
            return state.frames.count == 1
        }
        if isFirst { wakeUp.signal() }
    }

    /// Moves what was posted behind `target`.
    /// - Returns: the linger when the connection is to close.
    func takeAll(into target: inout [[UInt8]]) -> Int? {
        state.withLock { state in
            if target.isEmpty {
                swap(&state.frames, &target)
            } else {
                target.append(contentsOf: state.frames)
                state.frames.removeAll(keepingCapacity: true)
            }
            return state.closeLingerMilliseconds
        }
    }

    /// The socket has taken so much.
    func sent(frames: Int, bytes: Int) {
        state.withLock { state in
            state.unsentFrames -= frames
            state.unsentBytes -= bytes
        }
    }

    var unsentFrames: Int { state.withLock { $0.unsentFrames } }

    func close(lingerMilliseconds: Int) {
        state.withLock { state in
            if state.closeLingerMilliseconds == nil { state.closeLingerMilliseconds = max(0, lingerMilliseconds) }
        }
        wakeUp.signal()
    }
}
