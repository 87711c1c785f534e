/// Why a coordinator refused a request, for programs: open, so that a newer coordinator's codes pass through.
public struct FailureCode: RawRepresentable, Hashable, Sendable {
    /// The word that travels.
    public var rawValue: String
    /// A code by its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The two programs speak different major versions of the protocol.
    public static let `protocol` = FailureCode(rawValue: "protocol")
    /// The request makes no sense, or holds a value out of its range.
    public static let invalid = FailureCode(rawValue: "invalid")
    /// There is no such job.
    public static let unknownJob = FailureCode(rawValue: "unknown_job")
    /// There is no such task.
    public static let unknownTask = FailureCode(rawValue: "unknown_task")
    /// There is no such bucket.
    public static let unknownQuota = FailureCode(rawValue: "unknown_quota")
    /// The job is whole: nothing can be added.
    public static let jobSealed = FailureCode(rawValue: "job_sealed")
    /// The queue holds as many tasks as it may.
    public static let queueFull = FailureCode(rawValue: "queue_full")
    /// The coordinator's disk is full.
    public static let diskFull = FailureCode(rawValue: "disk_full")
    /// Too many questions wait: it is asked again by itself.
    public static let busy = FailureCode(rawValue: "busy")
    /// The coordinator's store could not be read.
    public static let store = FailureCode(rawValue: "store")
    /// The key that the client connected with may not do that.
    public static let forbidden = FailureCode(rawValue: "forbidden")
    /// The blob is not there.
    public static let unknownBlob = FailureCode(rawValue: "unknown_blob")
    /// What came back is not what was asked for: a wrong hash, a message that can't be read.
    public static let badReply = FailureCode(rawValue: "bad_reply")
}

/// The coordinator answered that it won't, or its answer can't be used.
public struct CoordinatorFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, for programs.
    public var code: FailureCode
    /// A sentence for people.
    public var message: String

    /// A failure as it came.
    public init(code: FailureCode, message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence for people.
    public var description: String { message }
}

/// No answer came in time.
public struct CoordinatorUnreachable: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where it was looked for.
    public var endpoint: String
    /// How long.
    public var tried: Duration
    /// Whether it had answered anything before.
    public var hadAnswered: Bool
    /// What the connection itself said, if anything.
    public var reason: String?

    /// What is known of the silence.
    public init(endpoint: String, tried: Duration, hadAnswered: Bool, reason: String? = nil) {
        self.reason = reason
        self.endpoint = endpoint
        self.tried = tried
        self.hadAnswered = hadAnswered
    }

    /// The sentence for people.
    public var description: String {
        let seconds = format(tried)
        if let reason {
            return "the coordinator at \(endpoint) can't be spoken with (tried for \(seconds) s): \(reason)"
        }
        return hadAnswered
            ? "the coordinator at \(endpoint) has not answered for \(seconds) s"
            : "no coordinator answers at \(endpoint) (tried for \(seconds) s): start cc-coordinator, or name another with --coordinator"
    }

    private func format(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
