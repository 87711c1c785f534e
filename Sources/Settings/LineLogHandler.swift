import ClusterModel
import Foundation
import Logging

/// Renders each log message as one line of text or JSON.
struct LineLogHandler: LogHandler {
    /// A message or value beyond this is cut, in bytes.
    static let maximumValueBytes = 16 * 1024

    let label: String
    var logLevel: Logger.Level
    let format: LogFormat
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let now: @Sendable () -> WallTime
    private let write: @Sendable (String) -> Void

    init(
        label: String, level: Logger.Level, format: LogFormat, now: @escaping @Sendable () -> WallTime = Self.wallTime,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let pairs = all.sorted { $0.key < $1.key }
        let time = RFC3339.text(now())
        switch format {
        case .text: write(text(time, event, pairs))
        case .json: write(json(time, event, pairs))
        }
    }

    private func text(_ time: String, _ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)])
        -> String
    {
        var line = "\(time) \(event.level.rawValue) \(label): "
        LogText.escape(event.message.description, into: &line, quotes: false)
        for (key, value) in pairs {
            line += " "
            LogText.escape(key, into: &line, quotes: false)
            line += "="
            let shown = value.description
            if shown.isEmpty || Self.needsQuotes(shown) {
                LogText.quote(shown, into: &line)
            } else {
                LogText.escape(shown, into: &line, quotes: false)
            }
        }
        return line + "\n"
    }

    private static func needsQuotes(_ value: String) -> Bool {
        // Most values are plain letters, and whole characters are dear to look at.
        if value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }) {
            return false
        }
        return value.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
    }

    private func json(_ time: String, _ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)])
        -> String
    {
        var line = "{\"time\":\"\(time)\",\"level\":\"\(event.level.rawValue)\",\"logger\":"
        LogText.quote(label, into: &line)
        line += ",\"message\":"
        LogText.quote(event.message.description, into: &line)
        if !pairs.isEmpty {
            line += ",\"metadata\":"
            LogText.json(.dictionary(Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) })), into: &line)
        }
        return line + "}\n"
    }

    private static func wallTime() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
