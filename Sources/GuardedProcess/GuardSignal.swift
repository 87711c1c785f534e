#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a guard is told by a signal.
public enum GuardSignal: Sendable {
    /// TERM to the program; after the guard's grace everything is killed.
    case terminate
    /// Every descendant is killed at once.
    case killEverything
    /// What the program's children left behind when they ended is killed; the program and what it still holds goes on.
    case killLeftovers
    /// The guard itself is killed: for one that doesn't answer.
    case killGuard

    private var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .killEverything: SIGUSR1
        case .killLeftovers: SIGUSR2
        case .killGuard: SIGKILL
        }
    }

    /// Sends it. The caller knows that the guard has not been reaped, so that the number is its own; it can fail only where the guard has ended.
    public func send(to pid: Int32) { _ = kill(pid, number) }
}
