import ClaudeProcess
import Foundation

/// What tools of a task left running beside its instance.
enum Stragglers {
    /// Whether the instance or its guard has a child that is not the instance itself. Where /proc does not say: none.
    static func remain(of instance: ClaudeInstance) -> Bool {
        guard let claude = instance.claudePID, let guardian = instance.guardPID else { return false }
        return !children(of: claude).isEmpty || children(of: guardian).contains { $0 != claude }
    }

    private static func children(of pid: Int32) -> [Int32] {
        let tasks = "/proc/\(pid)/task"
        // Nothing to read: it has ended.
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: tasks) else { return [] }
        return threads.flatMap { thread -> [Int32] in
            guard let data = FileManager.default.contents(atPath: "\(tasks)/\(thread)/children") else { return [] }
            return String(decoding: data, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }
    }
}
