import Foundation

/// What a process holds, as /proc says it.
public struct ProcessWeight: Sendable {
    /// Resident memory.
    public var residentBytes: Int
    /// Open files, sockets and pipes.
    public var descriptors: Int
    /// Threads.
    public var threads: Int

    /// As it is now.
    public init(of pid: Int32) throws {
        residentBytes = ProcessTree.residentBytes(of: [pid])
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count
    }

    /// The middle of each of several.
    static func median(of weights: some Collection<ProcessWeight>) -> ProcessWeight? {
        guard var first = weights.first else { return nil }
        func middle(_ part: KeyPath<ProcessWeight, Int>) -> Int {
            weights.map { $0[keyPath: part] }.sorted()[weights.count / 2]
        }
        first.residentBytes = middle(\.residentBytes)
        first.descriptors = middle(\.descriptors)
        first.threads = middle(\.threads)
        return first
    }

    var json: String {
        "{\"mib\":\(String(format: "%.1f", Double(residentBytes) / 1_048_576)),\"descriptors\":\(descriptors),\"threads\":\(threads)}"
    }
}
