import Foundation

/// Processes as /proc shows them. A pid is used again one day: a process is its pid and its start time.
public struct ProcessTree: Sendable {
    /// One process at the moment of reading.
    public struct Entry: Hashable, Sendable {
        /// Its number, which another process may bear later.
        public var pid: Int32
        /// Its parent's pid; 1, or a subreaper's, once the parent has ended.
        public var parent: Int32
        /// When it started, in clock ticks since the boot.
        public var startTicks: UInt64
        /// Its arguments, each followed by a space; empty for a zombie or a kernel thread.
        public var command: String
        /// Whether it has ended and only waits to be collected.
        public var isZombie: Bool
    }

    /// Every process that could be read, in no order.
    public let entries: [Entry]

    /// Reads all processes now.
    public init() throws {
        entries = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.compactMap(
            Self.read)
    }

    private static func read(_ pid: Int32) -> Entry? {
        // A process may end between the listing and this: then there is nothing to read.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let close = stat.lastIndex(of: ")")
        else {
            return nil
        }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let start = UInt64(fields[19]) else { return nil }
        let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))) ?? Data()
        let command = String(decoding: line.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
        return Entry(pid: pid, parent: parent, startTicks: start, command: command, isZombie: fields[0] == "Z")
    }

    /// Everything below a process.
    public func descendants(of pid: Int32) -> [Entry] {
        var found: [Entry] = []
        var parents: Set<Int32> = [pid]
        while !parents.isEmpty {
            let next = entries.filter { parents.contains($0.parent) }
            found += next
            parents = Set(next.map(\.pid))
        }
        return found
    }

    /// Which of these still live.
    public func living(of known: [Entry]) -> [Entry] {
        known.filter { old in entries.contains { $0.pid == old.pid && $0.startTicks == old.startTicks && !$0.isZombie }
        }
    }

    /// Resident memory of processes, in bytes.
    public static func residentBytes(of pids: [Int32]) -> Int {
        pids.reduce(0) { sum, pid in
            guard let statm = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return sum }
            let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return sum + pages * 4096
        }
    }
}

extension ProcessTree {
    /// Processes whose command line or environment holds a text, such as the path of a scratch folder.
    public static func mentioning(_ text: String) throws -> [Entry] {
        let needle = Data(text.utf8)
        return try ProcessTree().entries.filter { entry in
            // A process may end meanwhile, and one of another user shows nothing.
            guard let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(entry.pid)/environ")) else {
                return false
            }
            return !entry.isZombie && (entry.command.contains(text) || environment.range(of: needle) != nil)
        }
    }
}
