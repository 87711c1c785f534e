import ClusterModel

/// Lengths of time and sizes as people write them.
public enum Units {
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

    /// `250000`, `500k`, `2M`, `1.5M`; nil for anything else.
    public static func count(_ text: String) -> Int64? {
        let factors: [Character: Int64] = ["k": 1000, "M": 1_000_000]
        guard let last = text.last, let factor = factors[last] else { return Int64(digits: text) }
        return decimal(text.dropLast(), times: factor)
    }

    /// `20`, `0.50`, `$20`: millionths of a dollar; nil for anything else, more than six decimals included.
    public static func microUSD(_ text: String) -> UInt64? {
        decimal(text.hasPrefix("$") ? text.dropFirst() : text[...], times: 1_000_000).map { UInt64($0) }
    }

    /// A decimal number times a power of ten; nil where a part of one would be left.
    private static func decimal(_ text: Substring, times factor: Int64) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int64(digits: parts[0]) else { return nil }
        let (product, isOver) = whole.multipliedReportingOverflow(by: factor)
        guard !isOver else { return nil }
        guard parts.count == 2 else { return product }
        var unit = factor
        var rest: Int64 = 0
        guard !parts[1].isEmpty else { return nil }
        for digit in parts[1] {
            guard let value = Int64(digits: String(digit)), unit % 10 == 0 else { return nil }
            unit /= 10
            rest += value * unit
        }
        let (sum, isMore) = product.addingReportingOverflow(rest)
        return isMore ? nil : sum
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

extension Int64 {
    /// Of digits alone: no sign, no blank.
    fileprivate init?(digits text: some StringProtocol) {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        self.init(text)
    }
}
