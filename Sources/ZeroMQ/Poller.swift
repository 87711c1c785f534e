import CZeroMQ
import Glibc

/// Waits for sockets and file descriptors; level-triggered, so that what is not read is reported again.
public struct Poller {
    /// What to wait for, and what was found.
    public struct Events: OptionSet, Hashable, Sendable {
        /// The bits as the library has them.
        public let rawValue: Int16

        /// Events of these bits.
        public init(rawValue: Int16) { self.rawValue = rawValue }

        /// There is something to read.
        public static let readable = Events(rawValue: Int16(ZMQ_POLLIN))
        /// A send would be taken.
        public static let writable = Events(rawValue: Int16(ZMQ_POLLOUT))
        /// A file descriptor is broken.
        public static let failed = Events(rawValue: Int16(ZMQ_POLLERR))
    }

    /// One thing waited for; valid for the poller that gave it.
    public struct Item: Hashable, Sendable {
        let index: Int
    }

    private var items: [zmq_pollitem_t] = []
    // What the items point to must live as long as they do.
    private var sockets: [Socket] = []
    private var wakeUps: [WakeUp] = []

    /// Waits for nothing yet.
    public init() {}

    /// Waits for a socket too. The socket must not be closed before the poller's last wait.
    public mutating func add(_ socket: Socket, _ events: Events = .readable) throws -> Item {
        let raw = try socket.open("wait for")
        sockets.append(socket)
        items.append(zmq_pollitem_t(socket: raw, fd: -1, events: events.rawValue, revents: 0))
        return Item(index: items.count - 1)
    }

    /// Waits for a file descriptor too, which stays the caller's.
    public mutating func add(fileDescriptor: Int32, _ events: Events = .readable) -> Item {
        items.append(zmq_pollitem_t(socket: nil, fd: fileDescriptor, events: events.rawValue, revents: 0))
        return Item(index: items.count - 1)
    }

    /// Waits for a wake-up too; drain it when it is readable.
    public mutating func add(_ wakeUp: WakeUp) -> Item {
        wakeUps.append(wakeUp)
        return add(fileDescriptor: wakeUp.fileDescriptor)
    }

    /// Changes what an item is waited for.
    public mutating func setInterest(_ item: Item, _ events: Events) {
        items[item.index].events = events.rawValue
    }

    /// Waits until something is found or the time is up.
    /// - Parameter timeoutMilliseconds: 0 only looks; nil waits without end.
    /// - Returns: how many items have something.
    /// - Throws: ``ZeroMQError`` when a socket was closed.
    public mutating func wait(timeoutMilliseconds: Int?) throws -> Int {
        let deadline = timeoutMilliseconds.map { MonotonicClock.milliseconds + Int64(max(0, $0)) }
        var remaining = timeoutMilliseconds.map { max(0, $0) } ?? -1
        while true {
            let found = zmq_poll(&items, Int32(items.count), remaining)
            if found >= 0 { return Int(found) }
            guard errno == EINTR else { throw ZeroMQError.call("wait for", "\(items.count) sockets", errno) }
            if let deadline { remaining = Int(max(0, deadline - MonotonicClock.milliseconds)) }
        }
    }

    /// What the last wait found for an item.
    public func found(_ item: Item) -> Events { Events(rawValue: items[item.index].revents) }

    /// Whether the last wait found something to read.
    public func isReadable(_ item: Item) -> Bool { found(item).contains(.readable) }

    /// Whether the last wait found that a send would be taken.
    public func isWritable(_ item: Item) -> Bool { found(item).contains(.writable) }
}
