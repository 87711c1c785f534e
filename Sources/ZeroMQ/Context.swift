import CZeroMQ
import Glibc

/// ZeroMQ's I/O threads and the name space of its inproc endpoints; one a program is enough.
///
/// Every ``Socket`` retains its context, so that it ends after the last of them: ending it earlier would wait for ever.
public final class Context: Sendable {
    // The library's contexts are thread-safe; only sockets are not.
    nonisolated(unsafe) let raw: UnsafeMutableRawPointer

    /// Makes a context.
    /// - Parameters:
    ///   - ioThreads: threads that move bytes; one serves about a gigabyte a second.
    ///   - maxSockets: the most sockets it will ever hold at once.
    /// - Throws: ``ZeroMQError`` when the machine is out of resources or a number is out of range.
    public init(ioThreads: Int = 1, maxSockets: Int = 16384) throws {
        guard let raw = zmq_ctx_new() else { throw ZeroMQError.call("make", "a ZeroMQ context", errno) }
        self.raw = raw
        for (name, option, value) in [
            ("ioThreads", ZMQ_IO_THREADS, ioThreads), ("maxSockets", ZMQ_MAX_SOCKETS, maxSockets),
            ("blocky", ZMQ_BLOCKY, 0),
        ] {
            guard let narrow = Int32(exactly: value), zmq_ctx_set(raw, option, narrow) == 0 else {
                throw ZeroMQError(.invalidOption, "a ZeroMQ context cannot have \(name) = \(value)")
            }
        }
    }

    deinit {
        // Waits for what closed sockets still have to send within their linger.
        while zmq_ctx_term(raw) == -1 && errno == EINTR {}
    }
}
