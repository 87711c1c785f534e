import Foundation

/// What the kernel says of a process.
enum ProcessUse {
    /// User and system time of all its threads, in microseconds; the kernel counts in hundredths of a second.
    static func cpuMicroseconds(_ pid: pid_t) throws -> Double {
        let text = try read("/proc/\(pid)/stat")
        // The name in parentheses may hold anything; after it come the state (field 3) and numbers, of which 14 and 15 are the times.
        guard let end = text.lastIndex(of: ")") else { throw BenchError("/proc/\(pid)/stat is not understood") }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchError("/proc/\(pid)/stat is not understood")
        }
        return (user + system) * 1_000_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// This program's, in microseconds.
    static func ownCPUMicroseconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func microseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1_000_000 + Double(time.tv_usec) }
        return microseconds(usage.ru_utime) + microseconds(usage.ru_stime)
    }

    /// Resident memory, in MiB.
    static func residentMiB(_ pid: pid_t) throws -> Double { try mebibytes(pid, "VmRSS:") }

    /// The most that was ever resident, in MiB.
    static func peakResidentMiB(_ pid: pid_t) throws -> Double { try mebibytes(pid, "VmHWM:") }

    /// The processes that this one started and that live; none where it has ended.
    static func children(of pid: pid_t) -> [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return threads.flatMap { thread in
            ((try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8)) ?? "")
                .split(separator: " ").compactMap { pid_t($0) }
        }
    }

    private static func mebibytes(_ pid: pid_t, _ name: String) throws -> Double {
        for line in try read("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix(name) {
            if let kibibytes = Double(line.split(whereSeparator: \.isWhitespace)[1]) { return kibibytes / 1024 }
        }
        throw BenchError("/proc/\(pid)/status has no \(name)")
    }

    private static func read(_ path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw BenchError("\(path) cannot be read: the process has ended, or this is not Linux")
        }
    }

    /// As many open files as this user may have, for this program and for what it starts.
    static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
