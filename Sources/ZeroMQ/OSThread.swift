import Glibc
import Synchronization
import SystemShims

/// A thread of the operating system: what owns a socket, which Swift's tasks must not, since they move between threads.
public final class OSThread: Sendable {
    private final class Start {
        let name: String
        let body: () -> Void
        init(_ name: String, _ body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: pthread_t
    // Held while joining, so that all who join return after the thread's end.
    private let isJoined = Mutex(false)

    /// Starts a thread.
    /// - Parameters:
    ///   - name: as tools show it; 15 bytes at most are.
    ///   - body: what it does; the values it captures become the thread's.
    /// - Throws: ``ZeroMQError`` when the machine is out of threads.
    public init(name: String, _ body: sending @escaping () -> Void) throws {
        let start = Unmanaged.passRetained(Start(name, body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                cco_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw ZeroMQError.call("start", "the thread \(name)", result)
        }
        self.thread = thread
    }

    deinit {
        isJoined.withLock { joined in
            if !joined { pthread_detach(thread) }
        }
    }

    /// Whether the caller runs on this thread.
    public var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Waits for the thread's end; from any number of threads. On the thread itself it returns at once.
    public func join() {
        if isCurrent { return }
        isJoined.withLock { joined in
            guard !joined else { return }
            pthread_join(thread, nil)
            joined = true
        }
    }
}
