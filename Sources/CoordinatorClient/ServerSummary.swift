import ClusterModel

/// The coordinator itself.
public struct ServerSummary: Hashable, Sendable {
    public var version: String
    public var protocolMajor: UInt32
    public var protocolMinor: UInt32
    public var store: StoreID
    public var term: UInt64
    /// Where content over ``Limits/inlineContentBytes`` comes and goes.
    public var blobsEndpoint: String
    /// Frames that were garbage.
    public var framesDropped: UInt64
    public var jobs: UInt64
    public var queued: UInt64
    public var running: UInt64
    /// Of the data directory's disk, in bytes.
    public var freeBytes: UInt64
    /// Results that came for attempts no longer open.
    public var resultsSetAside: UInt64

    public init(version: String, protocolMajor: UInt32, protocolMinor: UInt32, blobsEndpoint: String) {
        self.version = version
        self.protocolMajor = protocolMajor
        self.protocolMinor = protocolMinor
        self.blobsEndpoint = blobsEndpoint
        store = StoreID(rawValue: 0)
        term = 0
        framesDropped = 0
        jobs = 0
        queued = 0
        running = 0
        freeBytes = 0
        resultsSetAside = 0
    }
}
