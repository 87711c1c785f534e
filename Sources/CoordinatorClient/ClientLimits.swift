import ClusterModel

/// How a client waits and how much it has under way.
public struct ClientLimits: Hashable, Sendable {
    /// How long a coordinator that never answered is tried.
    public var connectTimeout: Duration
    /// How long a request waits for a coordinator that had answered before; nil: for ever, through restarts.
    public var answerTimeout: Duration?
    /// A request without an answer is sent again after this long, then after twice as long, up to ``longestRepeat``.
    public var firstRepeat: Duration
    /// See ``firstRepeat``.
    public var longestRepeat: Duration
    /// Requests under way at once.
    public var inFlight: Int
    /// Batches of one submit under way at once.
    public var submitWindow: Int
    /// Tasks of one batch at most; ``Limits/tasksPerMessage`` is the most that travels.
    public var tasksPerBatch = Limits.tasksPerMessage
    /// How long a submit waits for a queue that is full, counted anew with each batch that is taken.
    public var roomPatience: Duration
    /// A batch that a full queue refused is sent again after this long, then after twice as long, up to ``longestRoomPause``.
    public var firstRoomPause: Duration
    /// See ``firstRoomPause``.
    public var longestRoomPause: Duration

    /// With all its parts.
    public init(
        connectTimeout: Duration = .seconds(5), answerTimeout: Duration? = .seconds(60),
        firstRepeat: Duration = .seconds(3),
        longestRepeat: Duration = .seconds(15), inFlight: Int = 64, submitWindow: Int = 8,
        roomPatience: Duration = .seconds(600), firstRoomPause: Duration = .milliseconds(100),
        longestRoomPause: Duration = .seconds(5)
    ) {
        self.connectTimeout = connectTimeout
        self.answerTimeout = answerTimeout
        self.firstRepeat = firstRepeat
        self.longestRepeat = longestRepeat
        self.inFlight = inFlight
        self.submitWindow = submitWindow
        self.roomPatience = roomPatience
        self.firstRoomPause = firstRoomPause
        self.longestRoomPause = longestRoomPause
    }
}
