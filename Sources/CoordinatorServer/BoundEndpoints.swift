/// Where a running coordinator listens, with the ports that were taken for `*`.
public struct BoundEndpoints: Hashable, Sendable {
    public var agents: String
    public var clients: String
    public var blobs: String
}
