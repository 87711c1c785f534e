/// How long the first byte takes, directly and through the gateway: one call at a time, in turn.
struct FirstBytes {
    private(set) var direct = Latencies()
    private(set) var gateway = Latencies()

    /// The shortest answer.
    static let stream = MessageStream(events: 1, milliseconds: 0)

    /// The difference of the medians.
    var addedMilliseconds: Double { gateway.milliseconds(atPercentile: 50) - direct.milliseconds(atPercentile: 50) }

    /// One call each; which comes first changes, so that neither always follows the other.
    mutating func measure(_ caller: MessageCaller, _ servers: GatewayServers) async throws {
        let isDirectFirst = direct.count.isMultiple(of: 2)
        if isDirectFirst { try await caller.call(servers.upstream, Self.stream) { direct.record(nanoseconds: $0) } }
        try await caller.call(servers.gateway, Self.stream) { gateway.record(nanoseconds: $0) }
        if !isDirectFirst { try await caller.call(servers.upstream, Self.stream) { direct.record(nanoseconds: $0) } }
    }
}
