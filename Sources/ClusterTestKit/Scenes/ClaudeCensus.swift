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
        let below = roots.flatMap { tree.descendants(of: $0) }
        let guards = Set(below.filter { $0.command.contains("cc-guard ") }.map(\.pid))
        // Only what a guard started: a child that claude has just forked bears its command line for a moment.
        let found = below.filter { guards.contains($0.parent) && $0.command.hasPrefix(claude + " ") }
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
