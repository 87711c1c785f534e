import ClusterModel

/// Something of the host's own is broken, so that every task would fail: the pool takes none for a while, then one to see.
public struct Suspension: Hashable, Sendable {
    /// What is broken.
    public enum Reason: Hashable, Sendable {
        /// The service refused the host's credential.
        case credentialRefused
        /// Instances don't start, with the last failure's sentence.
        case startsFail(String)

        /// A sentence for people.
        public var sentence: String {
            switch self {
            case .credentialRefused:
                "the service refused this agent's credential; set a valid one and start the agent again, or wait until it is accepted"
            case .startsFail(let message): "instances do not start here: \(message)"
            }
        }
    }

    /// What is broken.
    public internal(set) var reason: Reason
    /// How long this rest is; the next one is twice as long.
    var rest: Milliseconds
    var until: Instant
    /// The rest is over: one task may try.
    var probing = false
    /// The task that tries.
    var probe: AttemptToken?
}
