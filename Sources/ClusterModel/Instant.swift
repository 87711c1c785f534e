/// A moment of a monotonic clock, in nanoseconds from an origin of its own. It comes into the cores from outside and is never shown to a user.
public struct Instant: Hashable, Comparable, Sendable {
    /// Since the clock's origin; moments of two machines, or of two boots, can't be compared.
    public var nanoseconds: Int64
    /// The moment that many nanoseconds after the clock's origin.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    /// The clock's own zero.
    public static let origin = Instant(nanoseconds: 0)
    /// Later than any other: a deadline that never comes. Nothing may be added to it.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Whether `a` comes before `b` on the same clock.
    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    /// `b` after `a`; wraps past ``distantFuture``.
    public static func + (a: Self, b: Milliseconds) -> Self {
        Self(nanoseconds: a.nanoseconds &+ b.rawValue * 1_000_000)
    }
    /// `b` before `a`; may lie before the origin.
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
    /// How many; negative where a difference ran backwards.
    public var rawValue: Int64
    /// A length of that many milliseconds.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    /// Lets a number in the source stand for that many milliseconds.
    public init(integerLiteral value: Int64) { self.rawValue = value }
    /// Whole seconds.
    public static func seconds(_ s: Int64) -> Self { Self(s * 1000) }
    /// Whether `a` is shorter than `b`.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The sum of both lengths.
    public static func + (a: Self, b: Self) -> Self { Self(a.rawValue + b.rawValue) }
    /// The difference; negative when `b` is the longer.
    public static func - (a: Self, b: Self) -> Self { Self(a.rawValue - b.rawValue) }
}

/// A moment of the calendar, in milliseconds since 1970 (UTC): for records and people, never for decisions.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Since 1970 (UTC), as the machine's clock had it: it may jump.
    public var milliseconds: Int64
    /// The moment that many milliseconds after the start of 1970 (UTC).
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    /// Whether `a` is earlier than `b` in the calendar; clocks differ and jump, so it may still have happened later.
    public static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }
}
