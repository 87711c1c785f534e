import Hummingbird

/// Lets a call wait and ends the wait when its caller leaves, whose connection then is closed.
struct CallerWatch: Sendable {
    /// Waits from this length on are watched, in milliseconds. A connection remembers each watch until it closes: at
    /// one a second at the most, that stays small.
    static let leastMilliseconds = 1_000

    private let onClose: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// `onClose` is given what to do once the caller's connection is closed.
    init(onClose: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.onClose = onClose }

    /// Throws `CancellationError` when the caller leaves before the time is over.
    func wait(milliseconds: Int) async throws {
        guard milliseconds >= Self.leastMilliseconds else {
            return try await Task.sleep(for: .milliseconds(milliseconds))
        }
        try await run { try await Task.sleep(for: .milliseconds(milliseconds)) }
    }

    /// Runs `work`, cancelled when the caller leaves.
    func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await work() }
        onClose { task.cancel() }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// What a request's handling knows about its connection.
struct SimContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let caller: CallerWatch

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        let channel = source.channel
        // A caller that has closed its end has left: without this its connection would stay half open, and unnoticed.
        // Whether it comes to pass is of no matter: the connection may be gone by now.
        _ = channel.setOption(.allowRemoteHalfClosure, value: false)
        caller = CallerWatch { action in channel.closeFuture.whenComplete { _ in action() } }
    }
}
