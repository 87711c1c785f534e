import ClusterModel
import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a program is started under cc-guard, which answers for everything that the program starts.
public struct GuardLaunch: Hashable, Sendable {
    /// Absolute path of cc-guard.
    public var guardPath: String
    /// Names the agent's state directory: by it a sweep finds what a killed guard left behind. Empty: none.
    public var marker: String
    /// The process whose death ends the program: this one.
    public var parentPID: Int32
    /// How long after TERM the guard waits before it kills.
    public var grace: Milliseconds

    /// Everything as given.
    public init(
        guardPath: String, marker: String = "", parentPID: Int32 = getpid(), grace: Milliseconds = 5000
    ) {
        self.guardPath = guardPath
        self.marker = marker
        self.parentPID = parentPID
        self.grace = grace
    }

    /// The guard's arguments, the program and its own included.
    public func arguments(for program: [String]) -> [String] { flags + ["--"] + program }

    /// Those of one that stands: see ``StandingGuard``.
    var standing: [String] { flags + ["--serve"] }

    private var flags: [String] {
        let words = ["--parent", String(parentPID), "--grace-ms", String(grace.rawValue)]
        return marker.isEmpty ? words : words + ["--marker", marker]
    }

    /// What Subprocess is to start.
    ///
    /// - Parameter environment: The program's whole environment.
    public func configuration(for program: [String], environment: [String: String], directory: String) -> Configuration
    {
        var options = PlatformOptions()
        // Away from the agent's terminal: its Ctrl-C is the agent's to handle.
        options.createSession = true
        return Configuration(
            executable: .path(.init(guardPath)), arguments: Arguments(arguments(for: program)),
            environment: .custom(
                Dictionary(environment.map { (.init(stringLiteral: $0), $1) }, uniquingKeysWith: { $1 })),
            workingDirectory: .init(directory), platformOptions: options)
    }
}
