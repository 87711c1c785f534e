import ClusterModel

/// The bounds of one command.
public enum ExecLimits {
    /// The most output that may be asked to be kept: decoded with replacement it may become three times as long, which an answer still holds.
    public static let outputBytes = 16 * 1024 * 1024
    /// The system's limit of one argument or variable on Linux, its end included (MAX_ARG_STRLEN).
    public static let argumentBytes = 128 * 1024
    /// Between TERM and KILL.
    public static let grace: Milliseconds = .seconds(5)
}
