/// Where a running coordinator listens, with the ports that were taken for `*`.
public struct BoundEndpoints: Hashable, Sendable {
    /// For agents, as ZeroMQ writes it: `tcp://127.0.0.1:7701`.
    public var agents: String
    /// For ccctl and other clients, written likewise.
    public var clients: String
    /// For both, where prompts and answers too large for a message are put and fetched; written likewise.
    public var blobs: String
}
