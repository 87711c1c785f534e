#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Process-wide settings that talking to children needs.
enum Platform {
    /// Writing to an instance that has just ended must be an error, not the end of this program. Done once, on first use; for a
    /// signal that exists it cannot fail.
    static let ignorePipeSignal: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}

/// `kill(2)`, under a name that does not clash with a method's.
func systemKill(_ pid: Int32, _ signal: Int32) -> Int32 { kill(pid, signal) }
