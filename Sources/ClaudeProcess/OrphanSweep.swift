#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds what guards left behind that were killed themselves. An agent runs it at its start, before it starts any instance.
public enum OrphanSweep {
    /// The variable that a guard gives to everything below it.
    public static let markerVariable = "CCO_GUARD_MARKER"
    /// Passes over /proc before it gives up on a process that no signal ends.
    static let passLimit = 200
    /// Between two passes.
    static let passMicroseconds: UInt32 = 10_000

    /// Kills every process of this user that was started under `marker`, guards with that marker first, and waits until they are gone.
    ///
    /// Blocks for at most some seconds. An empty marker finds nothing.
    ///
    /// - Returns: how many processes it found, those included that a guard of theirs killed when told to.
    public static func sweep(marker: String) -> Int {
        guard !marker.isEmpty else { return 0 }
        var seen: Set<Int32> = []
        for pass in 0..<passLimit {
            let found = ProcessTable.ownProcesses().compactMap { pid in kind(of: pid, marker: marker).map { (pid, $0) }
            }
            if found.isEmpty { break }
            for (pid, kind) in found {
                // A guard that still lives knows its descendants, those with an environment of their own too: let it do its work.
                let signal = kind == .guardian && pass < passLimit / 4 ? SIGUSR1 : SIGKILL
                // It fails only where the process has just ended.
                _ = systemKill(pid, signal)
                seen.insert(pid)
            }
            usleep(passMicroseconds)
        }
        return seen.count
    }

    private enum Kind { case guardian, descendant }

    private static func kind(of pid: Int32, marker: String) -> Kind? {
        let variable = Array("\(markerVariable)=\(marker)".utf8)
        if ProcessTable.words(of: pid, "environ").contains(where: { $0.elementsEqual(variable) }) { return .descendant }
        let arguments = ProcessTable.words(of: pid, "cmdline").prefix { !$0.elementsEqual("--".utf8) }
        guard let program = arguments.first, String(decoding: program, as: UTF8.self).hasSuffix("cc-guard") else {
            return nil
        }
        let named = zip(arguments, arguments.dropFirst()).contains {
            $0.elementsEqual("--marker".utf8) && $1.elementsEqual(marker.utf8)
        }
        return named ? .guardian : nil
    }
}
