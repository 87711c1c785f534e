/// How a program ended, as a standing guard reports it: with an exit code alone, 130 could be a signal or the program's own word.
public enum GuardReport: Hashable, Sendable {
    /// By itself.
    case exited(Int32)
    /// By a signal.
    case signalled(Int32)
    /// It was never started; in the system's words.
    case cannotRun(String)
    /// Its directory can't be entered; in the system's words.
    case cannotEnter(String)
    /// Some of what it started could not be killed: it is stuck in the kernel.
    case stuck

    /// Reads one line, its end included; nil: it is none of a guard's.
    public init?(line: String) {
        guard line.hasSuffix("\n"), let space = line.firstIndex(of: " ") else { return nil }
        let rest = line[line.index(after: space)...].dropLast()
        switch line[..<space] {
        case "exit":
            guard let code = Int32(rest) else { return nil }
            self = .exited(code)
        case "signal":
            guard let number = Int32(rest) else { return nil }
            self = .signalled(number)
        case "cannot-run": self = .cannotRun(String(rest))
        case "cannot-enter": self = .cannotEnter(String(rest))
        case "stuck": self = .stuck
        default: return nil
        }
    }
}
