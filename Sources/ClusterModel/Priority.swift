/// 0 to 9; 9 goes first.
public struct Priority: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0 to 9; no other value can be made.
    public let rawValue: UInt8

    /// Nil outside 0…9.
    public init?(rawValue: Int) {
        guard (0...9).contains(rawValue) else { return nil }
        self.rawValue = UInt8(rawValue)
    }

    private init(known: UInt8) { rawValue = known }

    /// 9: before everything else.
    public static let critical = Priority(known: 9)
    /// 7: before normal work.
    public static let high = Priority(known: 7)
    /// 5: what a task has that names none.
    public static let normal = Priority(known: 5)
    /// 3: after normal work.
    public static let low = Priority(known: 3)
    /// 1: after all that has a name; only 0 goes later.
    public static let bulk = Priority(known: 1)

    /// The names that people write, highest first.
    public static let names: [(name: String, priority: Priority)] = [
        ("critical", .critical), ("high", .high), ("normal", .normal), ("low", .low), ("bulk", .bulk),
    ]

    /// Reads a name or a digit; nil for anything else.
    public init?(_ text: String) {
        if let known = Self.names.first(where: { $0.name == text }) {
            self = known.priority
        } else if let number = Int(text), let priority = Priority(rawValue: number) {
            self = priority
        } else {
            return nil
        }
    }

    /// Whether `a` waits while a task of `b` is there.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The name where the number has one, else the digit.
    public var description: String { Self.names.first { $0.priority == self }?.name ?? String(rawValue) }
}
