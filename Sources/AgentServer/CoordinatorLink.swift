import ClusterModel

/// What the engine remembers of the connection, to say things once and to notice silence.
struct CoordinatorLink {
    /// How long the first connection may take before its absence is told.
    static let patience: Milliseconds = .seconds(2)
    /// Until a welcome says otherwise.
    static let defaultHeartbeat: Milliseconds = .seconds(1)
    /// Silence of so many heartbeats asks for a new hello.
    static let silentHeartbeats = 3
    private static let refusalPauseLimit: Milliseconds = .seconds(30)

    var isUp = false
    var absenceWasTold = false
    var since = Clocks.now()
    var lastHeard = Instant.origin
    var lastHello = Instant.origin
    var lastHeartbeat = Instant.origin
    /// A refusal that may pass: the next hello waits.
    var helloAgainAt: Instant?
    private var refusalPause: Milliseconds = 0
    private var lastRefusal = ""

    /// True when these words are news.
    mutating func refused(_ sentence: String, at now: Instant) -> Bool {
        refusalPause = refusalPause == 0 ? .seconds(1) : min(refusalPause + refusalPause, Self.refusalPauseLimit)
        helloAgainAt = now + refusalPause
        defer { lastRefusal = sentence }
        return sentence != lastRefusal
    }

    mutating func welcomed() {
        refusalPause = 0
        lastRefusal = ""
        helloAgainAt = nil
    }
}
