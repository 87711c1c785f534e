import ClusterModel

/// What quotas hold at most. Everything here can grow with what users or agents send, so everything has an end.
public enum QuotaLimits {
    /// The largest limit, burst, cost or held count: far above any service's, and small enough that no sum overflows.
    public static let amount: Int64 = 1_000_000_000_000
    /// The longest window of a rate.
    public static let window = Milliseconds(31 * 86_400_000)
    /// Buckets of one book.
    public static let buckets = 1024
    /// Different buckets that one permit draws from.
    public static let costsPerPermit = 16
    /// Permits of one book, open and waiting together: what waits has its place among the open ones already.
    public static let permits = 200_000
    /// Requests that wait at once.
    public static let waiting = 100_000
    /// Services that calls are made to.
    public static let services = 100
    /// Keys that an estimator learns for.
    public static let estimatorKeys = 1024
}
