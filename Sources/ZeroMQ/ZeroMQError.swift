import CZeroMQ
import Glibc

/// What went wrong with a socket, a key or a queue: a code to branch on and a sentence for people.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; open, so that new kinds break nobody's switch.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code as a short English name.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another program listens at the endpoint.
        public static let addressInUse = Code(rawValue: "address in use")
        /// The endpoint's host is none of this machine's, or binding there is not allowed.
        public static let addressUnavailable = Code(rawValue: "address unavailable")
        /// The endpoint cannot be read.
        public static let invalidEndpoint = Code(rawValue: "invalid endpoint")
        /// An option's value is out of its range.
        public static let invalidOption = Code(rawValue: "invalid option")
        /// A key is not a CURVE key in Z85.
        public static let invalidKey = Code(rawValue: "invalid key")
        /// The socket or connection was closed before.
        public static let closed = Code(rawValue: "closed")
        /// A bounded queue is full.
        public static let full = Code(rawValue: "full")
        /// A frame is larger than its receiver takes.
        public static let tooLarge = Code(rawValue: "too large")
        /// The machine is out of sockets, descriptors, threads or memory.
        public static let outOfResources = Code(rawValue: "out of resources")
        /// A secret file is missing its protection, or cannot be read or made.
        public static let secretFile = Code(rawValue: "secret file")
        /// Anything else the library or the system reported.
        public static let system = Code(rawValue: "system")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: what is wrong, where, and what to do.
    public let message: String

    /// An error with its sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}

extension ZeroMQError {
    /// The text that the library has for an errno value.
    static func text(_ number: Int32) -> String { String(cString: zmq_strerror(number)) }

    /// What a call on a socket failed with, `doing` being words such as "send to".
    static func call(_ doing: String, _ place: String, _ number: Int32) -> ZeroMQError {
        switch number {
        case ENOTSOCK, Int32(CCO_ETERM):
            ZeroMQError(.closed, "cannot \(doing) \(place): the socket is closed")
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN:
            ZeroMQError(
                .outOfResources,
                "cannot \(doing) \(place): \(text(number)); raise the limit of open files (ulimit -n) or run fewer programs"
            )
        default:
            ZeroMQError(.system, "cannot \(doing) \(place): \(text(number))")
        }
    }

    /// What bind or connect failed with.
    static func endpoint(_ doing: String, _ endpoint: String, _ number: Int32) -> ZeroMQError {
        switch number {
        case EADDRINUSE:
            ZeroMQError(
                .addressInUse, "\(endpoint) is in use by another program: stop it or choose another endpoint")
        case EADDRNOTAVAIL, ENODEV:
            ZeroMQError(
                .addressUnavailable,
                "cannot \(doing) \(endpoint): this machine has no such address; name one of its own, such as 127.0.0.1")
        case EACCES, EPERM:
            ZeroMQError(
                .addressUnavailable,
                "cannot \(doing) \(endpoint): this user may not; choose a port above 1023")
        case EINVAL, EPROTONOSUPPORT:
            ZeroMQError(
                .invalidEndpoint,
                "\(endpoint) is not an endpoint: write it as tcp://HOST:PORT, such as tcp://127.0.0.1:7301")
        default:
            call(doing, endpoint, number)
        }
    }
}
