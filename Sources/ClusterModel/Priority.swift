/// 0 to 9; 9 goes first.
public struct Priority: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8

    /// Nil outside 0…9.
    public init?(rawValue: Int) {
        guard (0...9).contains(rawValue) else { return nil }
        self.rawValue = UInt8(rawValue)
    }

    private init(known: UInt8) { rawValue = known }

    public static let critical = Priority(known: 9)
    public static let high = Priority(known: 7)
    public static let normal = Priority(known: 5)
    public static let low = Priority(known: 3)
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

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { Self.names.first { $0.priority == self }?.name ?? String(rawValue) }
}
