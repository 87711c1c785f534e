import ClusterModel

extension BucketLimit: CustomStringConvertible {
    /// The units of a window, longest first, in milliseconds.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("day", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `60/min`, `100/30s`, `60/min,burst=6,reserve=10%,shadow` or `concurrency=20`.
    ///
    /// Units are `ms`, `s`, `min`, `h` and `day`, with a number before them where the window is more than one. A rate
    /// without a burst has that of ``defaultBurst(amount:window:)``. A reserve has at most one decimal.
    public init(name: String, parsing text: String) throws(BucketLimitError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
        var options = Options()
        for part in parts.dropFirst() { try options.add(part, name: name) }
        let kind: Kind
        let head = parts.first ?? ""
        if head.hasPrefix("concurrency=") {
            guard options.burst == nil else {
                throw BucketLimitError(name, "'\(text)' limits what is held, which has no burst: take burst= out")
            }
            kind = .concurrency(most: try Self.number(head.dropFirst("concurrency=".count), of: "concurrency", name))
        } else {
            let (amount, window) = try Self.rate(head, name: name)
            let burst = options.burst ?? Self.defaultBurst(amount: amount, window: window)
            kind = .rate(amount: amount, window: window, burst: burst)
        }
        try self.init(
            name: name, kind: kind, reservePerMille: options.reservePerMille ?? 0, isShadow: options.isShadow)
    }

    /// The text that ``init(name:parsing:)`` reads back to the same limit; the name is left out.
    public var description: String {
        var text: String
        switch kind {
        case .concurrency(let most): text = "concurrency=\(most)"
        case .rate(let amount, let window, let burst):
            let length = window.rawValue
            let unit = Self.units.first { length % $0.milliseconds == 0 } ?? ("ms", 1)
            let count = length / unit.milliseconds
            text = "\(amount)/\(count == 1 ? "" : String(count))\(unit.name)"
            if burst != Self.defaultBurst(amount: amount, window: window) { text += ",burst=\(burst)" }
        }
        if reservePerMille > 0 {
            let tenths = reservePerMille % 10
            text += ",reserve=\(reservePerMille / 10)\(tenths == 0 ? "" : ".\(tenths)")%"
        }
        return isShadow ? text + ",shadow" : text
    }

    /// The same limit with another burst, reserve or shadow; what is nil stays.
    public func changed(burst: Int64?, reservePerMille: Int64?, isShadow: Bool?) throws(BucketLimitError) -> BucketLimit
    {
        var kind = kind
        if let burst {
            guard case .rate(let amount, let window, _) = kind else {
                throw BucketLimitError(name, "'\(self)' limits what is held, which has no burst: take the burst out")
            }
            kind = .rate(amount: amount, window: window, burst: burst)
        }
        return try BucketLimit(
            name: name, kind: kind, reservePerMille: reservePerMille ?? self.reservePerMille,
            isShadow: isShadow ?? self.isShadow)
    }

    private struct Options {
        var burst: Int64?
        var reservePerMille: Int64?
        var isShadow = false

        mutating func add(_ part: Substring, name: String) throws(BucketLimitError) {
            if part.hasPrefix("burst="), burst == nil {
                burst = try BucketLimit.number(part.dropFirst("burst=".count), of: "burst", name)
            } else if part.hasPrefix("reserve="), reservePerMille == nil {
                reservePerMille = try BucketLimit.reserve(part.dropFirst("reserve=".count), name: name)
            } else if part == "shadow", !isShadow {
                isShadow = true
            } else {
                throw BucketLimitError(
                    name, "'\(part)' is unknown or there twice: after the limit come burst=6, reserve=10% and shadow")
            }
        }
    }

    private static func rate(_ text: Substring, name: String) throws(BucketLimitError) -> (Int64, Milliseconds) {
        guard let slash = text.firstIndex(of: "/") else {
            throw BucketLimitError(
                name, "'\(text)' is neither a rate such as 60/min nor a limit such as concurrency=20")
        }
        let amount = try number(text[..<slash], of: "limit", name)
        let window = text[text.index(after: slash)...]
        let unitName = window.drop { $0.isASCII && $0.isNumber }
        let digits = window[..<unitName.startIndex]
        guard let unit = units.first(where: { $0.name == unitName }) else {
            throw BucketLimitError(name, "'\(window)' is no window: write s, min, h or day, such as 60/min or 100/30s")
        }
        let count = digits.isEmpty ? 1 : try number(digits, of: "window", name)
        let (length, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        return (amount, Milliseconds(overflow ? .max : length))
    }

    private static func reserve(_ text: Substring, name: String) throws(BucketLimitError) -> Int64 {
        let problem = BucketLimitError(name, "reserve=\(text) is no part: write a percentage such as 10% or 2.5%")
        guard text.last == "%" else { throw problem }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let whole = plainNumber(first), whole <= 100, parts.count <= 2 else {
            throw problem
        }
        guard parts.count == 2 else { return whole * 10 }
        guard parts[1].count == 1, let tenth = plainNumber(parts[1]) else { throw problem }
        return whole * 10 + tenth
    }

    private static func number(_ text: Substring, of what: String, _ name: String) throws(BucketLimitError) -> Int64 {
        guard let number = plainNumber(text) else {
            throw BucketLimitError(name, "the \(what) '\(text)' is no whole number")
        }
        return number
    }

    private static func plainNumber(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
