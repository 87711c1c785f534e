#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process-wide setting that talking to children needs.
public enum PipeSignal {
    /// Writing to a process that has just ended must be an error, not the end of this program. Done once, on first use; for a
    /// signal that exists it cannot fail.
    public static let ignored: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
