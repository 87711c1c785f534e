/// A moment of a monotonic clock, in nanoseconds from an origin of its own. It comes into the cores from outside and is never shown to a user.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public static let origin = Instant(nanoseconds: 0)
    public static let distantFuture = Instant(nanoseconds: .max)

    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Self, b: Milliseconds) -> Self {
        Self(nanoseconds: a.nanoseconds &+ b.rawValue * 1_000_000)
    }
    public static func - (a: Self, b: Milliseconds) -> Self {
        Self(nanoseconds: a.nanoseconds &- b.rawValue * 1_000_000)
    }

    /// How long after `earlier`, in whole milliseconds, rounded down.
    public func milliseconds(since earlier: Instant) -> Milliseconds {
        Milliseconds((nanoseconds - earlier.nanoseconds) / 1_000_000)
    }
}

/// A length of time in milliseconds.
public struct Milliseconds: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    public var rawValue: Int64
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public init(integerLiteral value: Int64) { self.rawValue = value }
    public static func seconds(_ s: Int64) -> Self { Self(s * 1000) }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public static func + (a: Self, b: Self) -> Self { Self(a.rawValue + b.rawValue) }
    public static func - (a: Self, b: Self) -> Self { Self(a.rawValue - b.rawValue) }
}

/// A moment of the calendar, in milliseconds since 1970 (UTC): for records and people, never for decisions.
public struct WallTime: Hashable, Comparable, Sendable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }
}
