/// How a program ended, as its guard reports it: with an exit code alone, 130 could be a signal or the program's own word.
public enum GuardReport: Hashable, Sendable {
    /// By itself.
    case exited(Int32)
    /// By a signal.
    case signalled(Int32)
    /// It was never started; in the system's words.
    case cannotRun(String)

    /// Splits the end of standard error into what the program wrote and what the guard said last; nil without a report.
    public static func split(_ bytes: [UInt8]) -> (written: ArraySlice<UInt8>, report: GuardReport)? {
        guard let mark = bytes.lastIndex(of: 0) else { return nil }
        let line = String(decoding: bytes[(mark + 1)...], as: UTF8.self)
        guard line.hasSuffix("\n"), let space = line.firstIndex(of: " ") else { return nil }
        let rest = line[line.index(after: space)...].dropLast()
        let report: GuardReport? =
            switch line[..<space] {
            case "exit": Int32(rest).map(GuardReport.exited)
            case "signal": Int32(rest).map(GuardReport.signalled)
            case "cannot-run": .cannotRun(String(rest))
            default: nil
            }
        return report.map { (bytes[..<mark], $0) }
    }
}
