import CZeroMQ
import Glibc

extension Socket {
    /// Sends one frame, never waiting.
    /// - Parameters:
    ///   - frame: the payload; it is copied.
    ///   - routingID: the peer, on a ROUTER; nil on other sockets.
    /// - Throws: ``ZeroMQError`` when the socket is closed or used in a way its kind does not allow.
    public func send(_ frame: UnsafeRawBufferPointer, to routingID: RoutingID? = nil) throws -> SendOutcome {
        let socket = try open("send")
        if let routingID {
            let outcome = try routingID.bytes.withUnsafeBytes { try part($0, more: true, socket) }
            guard outcome == .sent else { return outcome }
        }
        return try part(frame, more: false, socket)
    }

    /// Sends one frame, never waiting.
    public func send(_ frame: [UInt8], to routingID: RoutingID? = nil) throws -> SendOutcome {
        try frame.withUnsafeBytes { try send($0, to: routingID) }
    }

    /// Sends the frames of one message, at least one, never waiting: all are taken or none.
    public func send(frames: [[UInt8]], to routingID: RoutingID? = nil) throws -> SendOutcome {
        precondition(!frames.isEmpty, "a message has at least one frame")
        let socket = try open("send")
        var outcome = SendOutcome.sent
        let parts = (routingID.map { [$0.bytes] } ?? []) + frames
        for (index, frame) in parts.enumerated() {
            let one = try frame.withUnsafeBytes { try part($0, more: index < parts.count - 1, socket) }
            guard one != .sent else { continue }
            if index == 0 { return one }
            // The peer went in the middle: the library drops the rest of the message, but it must be given all of it.
            outcome = one
        }
        return outcome
    }

    /// Takes the next message, never waiting.
    /// - Returns: false when there is none; `incoming` is then empty.
    /// - Throws: ``ZeroMQError`` when the socket is closed or used in a way its kind does not allow.
    public func receive(into incoming: inout Incoming) throws -> Bool {
        let socket = try open("receive")
        incoming.clear()
        var isFirst = true
        while true {
            let message = incoming.next()
            while zmq_msg_recv(message.raw, socket, ZMQ_DONTWAIT) == -1 {
                let number = errno
                if number == EINTR { continue }
                incoming.dropLast()
                // A message arrives whole, so that only its first frame can be missing.
                if number == EAGAIN && isFirst { return false }
                throw ZeroMQError.call("receive from", "a \(kind) socket", number)
            }
            isFirst = false
            if !message.more { return true }
        }
    }

    private func part(
        _ bytes: UnsafeRawBufferPointer, more: Bool, _ socket: UnsafeMutableRawPointer
    ) throws -> SendOutcome {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while zmq_send(socket, bytes.baseAddress, bytes.count, flags) == -1 {
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EHOSTUNREACH: return .unroutable
            case let number: throw ZeroMQError.call("send on", "a \(kind) socket", number)
            }
        }
        return .sent
    }
}
