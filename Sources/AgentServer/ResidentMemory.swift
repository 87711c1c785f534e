import Foundation

/// What a process holds in memory.
enum ResidentMemory {
    /// Bytes; nil once the process is gone.
    static func bytes(of pid: Int32) -> UInt64? {
        // Its absence is the answer: the process has ended.
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/statm") else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
