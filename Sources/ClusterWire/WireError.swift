/// A message that can't be taken: it is dropped and counted, everyone else goes on.
public struct WireError: Error, CustomStringConvertible, Sendable {
    public var description: String
    public init(_ description: String) { self.description = description }
}
