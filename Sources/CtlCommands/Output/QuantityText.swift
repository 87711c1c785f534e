import Foundation

/// Times as scripts and people read them.
enum TimeText {
    /// UTC with milliseconds: `2025-01-31T23:59:59.007Z`.
    static func rfc3339(milliseconds: Int64) -> String {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        // Whole seconds are shifted down for times before 1970, so that the fraction is never negative.
        var whole = time_t(rest < 0 ? seconds - 1 : seconds)
        let fraction = rest < 0 ? rest + 1000 : rest
        var parts = tm()
        gmtime_r(&whole, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec, Int(fraction))
    }

    /// A length for a table: `0.3s`, `12.4s`, `4m35s`, `2h05m`, `3d04h`.
    static func length(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        if milliseconds < 60_000 { return String(format: "%.1fs", Double(milliseconds) / 1000) }
        if seconds < 3600 { return String(format: "%dm%02ds", Int(seconds / 60), Int(seconds % 60)) }
        if seconds < 86_400 { return String(format: "%dh%02dm", Int(seconds / 3600), Int(seconds % 3600 / 60)) }
        return String(format: "%dd%02dh", Int(seconds / 86_400), Int(seconds % 86_400 / 3600))
    }

    /// For a table: the day and the time of this machine's clock.
    static func local(milliseconds: Int64) -> String {
        if milliseconds == 0 { return "-" }
        var whole = time_t(milliseconds / 1000)
        var parts = tm()
        localtime_r(&whole, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec)
    }
}

/// Dollars, from millionths.
enum MoneyText {
    /// `0`, `0.0503`, `12.5`: exact, no exponent.
    static func decimal(microUSD: UInt64) -> String {
        let (dollars, rest) = microUSD.quotientAndRemainder(dividingBy: 1_000_000)
        if rest == 0 { return String(dollars) }
        var digits = String(format: "%06d", Int(rest))
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(dollars).\(digits)"
    }

    /// `$0.0503` below a dollar, `$12.50` above.
    static func display(microUSD: UInt64) -> String {
        String(format: microUSD < 1_000_000 ? "$%.4f" : "$%.2f", Double(microUSD) / 1_000_000)
    }
}

/// Counts for a narrow place.
enum CountText {
    /// `950`, `12.3k`, `4.56M`.
    static func short(_ count: UInt64) -> String {
        switch count {
        case ..<1000: String(count)
        case ..<1_000_000: String(format: "%.1fk", Double(count) / 1000)
        default: String(format: "%.2fM", Double(count) / 1_000_000)
        }
    }

    /// `1 task`, `40 tasks`.
    static func tasks(_ count: some BinaryInteger) -> String { count == 1 ? "1 task" : "\(count) tasks" }

    /// Bytes as `212 MB`.
    static func bytes(_ count: UInt64) -> String {
        switch count {
        case 0: "-"
        case ..<1_000_000: "\(count / 1000) kB"
        case ..<10_000_000_000: "\(count / 1_000_000) MB"
        default: "\(count / 1_000_000_000) GB"
        }
    }
}
