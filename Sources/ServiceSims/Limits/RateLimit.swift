/// One limit of the service: how much flows in a minute and how much may be saved up.
public struct RateLimit: Hashable, Sendable {
    /// Units (requests or tokens) that a minute adds, evenly.
    public var perMinute: Int
    /// The most that a bucket can hold. Equal to `perMinute` when nothing else is said.
    public var burst: Int

    /// The largest figure for either part: an exact bucket needs headroom, and no real limit comes near it.
    public static let largestFigure = 1_000_000_000

    /// A limit of `perMinute` units with room for `burst` of them.
    public init(perMinute: Int, burst: Int? = nil) {
        self.perMinute = perMinute
        self.burst = burst ?? perMinute
    }

    /// Throws ``SimConfigurationError`` when a figure is below 1 or above ``largestFigure``.
    func validate(named name: String) throws {
        for (part, value) in [("per minute", perMinute), ("burst", burst)]
        where value < 1 || value > Self.largestFigure {
            throw SimConfigurationError(
                "\(name) \(part) is \(value): give a whole number from 1 to \(Self.largestFigure).")
        }
    }
}
