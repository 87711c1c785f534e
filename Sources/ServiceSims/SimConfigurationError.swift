/// A setting that the simulator can't run with.
public struct SimConfigurationError: Error, CustomStringConvertible, Sendable {
    /// What is wrong and what to give instead.
    public let description: String

    init(_ description: String) { self.description = description }
}
