import ClusterModel

extension PoolSize {
    /// Reads it; throws for more counts, or longer words, than there may be.
    public init(proto: Ccorchestrator_V1_PoolSize) throws(WireError) {
        guard proto.counts.count <= Limits.instanceCounts,
            proto.because.unicodeScalars.count <= Limits.sentenceCharacters,
            proto.counts.allSatisfy({ $0.event.utf8.count + $0.reason.utf8.count <= Limits.nameBytes })
        else { throw WireError("what an agent says of its pool is over its limits") }
        self.init(
            size: proto.size, limit: proto.limit, because: proto.because,
            counts: proto.counts.map { InstanceCount(event: $0.event, reason: $0.reason, count: $0.count) })
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_PoolSize {
        var message = Ccorchestrator_V1_PoolSize()
        message.size = size
        message.limit = limit
        message.because = because
        message.counts = counts.map { count in
            var one = Ccorchestrator_V1_InstanceCount()
            one.event = count.event
            one.reason = count.reason
            one.count = count.count
            return one
        }
        return message
    }
}
