import ClusterModel

/// The coordinator itself.
public struct ServerSummary: Hashable, Sendable {
    /// Its version.
    public var version: String
    /// Another one is not spoken with.
    public var protocolMajor: UInt32
    /// May differ.
    public var protocolMinor: UInt32
    /// Its store: another after a restore from a backup.
    public var store: StoreID
    /// How often a coordinator took over the store.
    public var term: UInt64
    /// Where content over ``Limits/inlineContentBytes`` comes and goes.
    public var blobsEndpoint: String
    /// Frames that were garbage.
    public var framesDropped: UInt64
    /// Jobs that it keeps.
    public var jobs: UInt64
    /// Tasks that wait.
    public var queued: UInt64
    /// Tasks that run.
    public var running: UInt64
    /// Of the data directory's disk, in bytes.
    public var freeBytes: UInt64
    /// Results that came for attempts no longer open.
    public var resultsSetAside: UInt64
    /// Transactions since the coordinator started.
    public var commits: UInt64 = 0

    /// With all its parts.
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
