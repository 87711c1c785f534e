import ClusterModel

/// A row of a job's table of options. Thousands of orders name the same row: a reference costs less than a copy.
public final class SharedOptions: Sendable {
    /// The row's content.
    public let value: TaskOptions

    /// A row of this content.
    public init(_ value: TaskOptions) { self.value = value }
}
