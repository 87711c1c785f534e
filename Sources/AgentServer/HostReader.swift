import AgentPool
import Foundation

/// Measures this host. What the system doesn't tell stays unknown.
struct HostReader: Sendable {
    /// Whose disk counts.
    let directory: String

    func measure() -> HostMeasure {
        let memory = Self.fields(of: "/proc/meminfo", separator: ":")
        let pressure = Self.read("/proc/pressure/memory")
        return HostMeasure(
            availableBytes: memory["MemAvailable"].flatMap(Self.kibibytes),
            totalBytes: memory["MemTotal"].flatMap(Self.kibibytes) ?? 0,
            cores: ProcessInfo.processInfo.activeProcessorCount,
            load: Self.read("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0,
            someStalledPercent: Self.stalled("some", in: pressure),
            allStalledPercent: Self.stalled("full", in: pressure),
            diskFreeBytes: diskFree())
    }

    /// `avg10` of the line that begins with this word.
    static func stalled(_ word: String, in text: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(word + " ") }
        let field = line?.split(separator: " ").first { $0.hasPrefix("avg10=") }
        return field.flatMap { Double($0.dropFirst("avg10=".count)) }
    }

    private func diskFree() -> UInt64? {
        var info = statvfs()
        guard statvfs(directory, &info) == 0 else { return nil }
        return UInt64(info.f_bavail) * UInt64(info.f_frsize)
    }

    /// Empty where there is no such file.
    private static func read(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func fields(of path: String, separator: Character) -> [String: String] {
        var fields: [String: String] = [:]
        for line in read(path).split(separator: "\n") {
            let parts = line.split(separator: separator, maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return fields
    }

    private static func kibibytes(_ text: String) -> UInt64? {
        text.split(separator: " ").first.flatMap { UInt64($0) }.map { $0 << 10 }
    }
}
