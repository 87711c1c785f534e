import Foundation

/// Counts the `claude` processes that ever ran below some programs, by pid and start time.
public actor ClaudeCensus {
    private let claude: String
    private let roots: [Int32]
    private var known: Set<ProcessTree.Entry> = []
    /// The most that were there at one look.
    public private(set) var peak = 0

    /// A census that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - claude: the path that their command lines begin with.
    ///   - roots: pids of the programs to look below.
    public init(of claude: String, under roots: [Int32]) {
        self.claude = claude
        self.roots = roots
    }

    /// Looks now.
    public func look() throws {
        let tree = try ProcessTree()
        let found = roots.flatMap { tree.descendants(of: $0) }.filter {
            // A guard names claude in its arguments; claude itself begins with it. Its own helpers are other programs.
            $0.command.hasPrefix(claude + " ") && $0.command.contains("stream-json")
        }
        for entry in found where !known.contains(where: { $0.pid == entry.pid && $0.startTicks == entry.startTicks }) {
            known.insert(entry)
        }
        peak = max(peak, found.count)
    }

    /// Looks ten times a second until cancelled.
    public func watch() async throws {
        while !Task.isCancelled {
            try look()
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// How many different ones were seen.
    public func seen() throws -> Int {
        try look()
        return known.count
    }
}
