import Hummingbird

/// Lets a call wait and ends the wait when its caller leaves.
///
/// Watching consumes what the caller may send next, so the connection can't serve another request afterwards: the
/// response must say `connection: close`. Waits under ``leastMilliseconds`` are not watched.
struct CallerWatch: Sendable {
    /// Waits from this length on are watched, in milliseconds.
    static let leastMilliseconds = 1_000

    private let request: Request
    /// Whether something was watched.
    private(set) var isUsed = false

    init(request: Request) { self.request = request }

    mutating func wait(milliseconds: Int) async throws {
        guard milliseconds >= Self.leastMilliseconds else {
            return try await Task.sleep(for: .milliseconds(milliseconds))
        }
        try await run { try await Task.sleep(for: .milliseconds(milliseconds)) }
    }

    /// Runs `work`, cancelled when the caller leaves. A second watch on the same request is not possible: its work runs
    /// unwatched, and a caller that left is then noticed when the answer is written.
    mutating func run(_ work: @Sendable () async throws -> Void) async throws {
        guard !isUsed else { return try await work() }
        isUsed = true
        try await request.body.consumeWithCancellationOnInboundClose { _ in try await work() }
    }
}
