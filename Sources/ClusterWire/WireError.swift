/// A message that can't be taken: it is dropped and counted, everyone else goes on.
public struct WireError: Error, CustomStringConvertible, Sendable {
    /// What could not be taken, and why, for a log.
    public var description: String
    /// A refusal in these words.
    public init(_ description: String) { self.description = description }
}
