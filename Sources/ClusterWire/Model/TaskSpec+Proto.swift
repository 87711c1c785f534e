import ClusterModel

extension TaskSpec {
    /// Reads a task; throws for an empty prompt, or a name or input over its limit.
    public init(proto: Ccorchestrator_V1_TaskSpec) throws(WireError) {
        guard let prompt = try Content.from(proto: proto.prompt), prompt.size > 0 else {
            throw WireError("a task has no prompt")
        }
        guard prompt.size <= UInt64(Limits.promptBytes) else {
            throw WireError("a prompt of \(prompt.size) bytes is over the limit of \(Limits.promptBytes)")
        }
        guard proto.name.utf8.count <= Limits.nameBytes else {
            throw WireError("a task's name of \(proto.name.utf8.count) bytes is over the limit of \(Limits.nameBytes)")
        }
        guard proto.input.utf8.count <= Limits.inputBytes else {
            throw WireError(
                "a task's input of \(proto.input.utf8.count) bytes is over the limit of \(Limits.inputBytes)")
        }
        guard proto.after.count <= Limits.linksPerTask else {
            throw WireError(
                "a task waits for \(proto.after.count) others: \(Limits.linksPerTask) at most")
        }
        guard proto.context.utf8.count <= Limits.contextBytes else {
            throw WireError("a context's name is over the limit of \(Limits.contextBytes) bytes")
        }
        guard proto.fork.utf8.count <= Limits.contextBytes else {
            throw WireError("the name of a forked context is over the limit of \(Limits.contextBytes) bytes")
        }
        self.init(
            prompt: prompt, name: proto.name, input: proto.input, options: proto.options,
            after: proto.after.map { TaskLink(index: $0.index, condition: $0.anyEnd ? .end : .success) },
            context: proto.context, fork: proto.fork)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_TaskSpec {
        var message = Ccorchestrator_V1_TaskSpec()
        message.prompt = prompt.proto
        message.name = name
        message.input = input
        message.options = options
        message.after = after.map { link in
            var message = Ccorchestrator_V1_TaskLink()
            message.index = link.index
            message.anyEnd = link.condition == .end
            return message
        }
        message.context = context
        message.fork = fork
        return message
    }
}
