import ClusterModel

/// Lengths of time and sizes as people write them.
enum Units {
    private static let durations: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    private static let sizes: [String: Int64] = [
        "": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
        "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]

    /// `500ms`, `30s`, `5m`, `1h`, `2d`; nil for anything else, a bare number included.
    static func milliseconds(_ text: String) -> Milliseconds? {
        amount(text, units: durations).map { Milliseconds($0) }
    }

    /// `512MB` (millions), `1GiB` (powers of 1024), `4096`.
    static func bytes(_ text: String) -> Int64? {
        amount(text, units: sizes)
    }

    /// A length of time as ``milliseconds(_:)`` reads it, in the largest whole unit.
    static func text(_ length: Milliseconds) -> String {
        let units: [(String, Int64)] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        for (name, size) in units where length.rawValue != 0 && length.rawValue % size == 0 {
            return "\(length.rawValue / size)\(name)"
        }
        return "\(length.rawValue)ms"
    }

    /// A size as ``bytes(_:)`` reads it, in the largest whole unit.
    static func text(bytes: Int64) -> String {
        let units = ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"]
        for name in units {
            if let size = sizes[name], bytes != 0, bytes % size == 0 { return "\(bytes / size)\(name)" }
        }
        return "\(bytes)"
    }

    private static func amount(_ text: String, units: [String: Int64]) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), let factor = units[String(unit)] else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
