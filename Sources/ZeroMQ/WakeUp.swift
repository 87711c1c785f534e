import Glibc
import Synchronization
import SystemShims

/// Wakes a thread out of ``Poller/wait(timeoutMilliseconds:)``; many signals before it drains cost one system call.
public final class WakeUp: Sendable {
    /// Readable while a signal has not been drained. It lives as long as the object.
    public let fileDescriptor: Int32
    private let isSignalled = Atomic(false)

    /// Opens its event counter.
    /// - Throws: ``ZeroMQError`` when the process is out of file descriptors.
    public init() throws {
        fileDescriptor = cco_eventfd()
        if fileDescriptor == -1 { throw ZeroMQError.call("open", "an event counter", errno) }
    }

    deinit { close(fileDescriptor) }

    /// Wakes the waiting thread; from any thread, never waits.
    public func signal() {
        if isSignalled.exchange(true, ordering: .sequentiallyConsistent) { return }
        var one: UInt64 = 1
        // The counter cannot overflow: the flag lets one write through a drain.
        while write(fileDescriptor, &one, MemoryLayout<UInt64>.size) == -1 && errno == EINTR {}
    }

    /// Takes the signal back; look at the queues after this, not before. Call it only when the descriptor is readable.
    public func drain() {
        var count: UInt64 = 0
        while read(fileDescriptor, &count, MemoryLayout<UInt64>.size) == -1 && errno == EINTR {}
        // After the read: a signal in between finds the flag set, and what it stands for is seen when the queues are looked at.
        _ = isSignalled.exchange(false, ordering: .sequentiallyConsistent)
    }
}
