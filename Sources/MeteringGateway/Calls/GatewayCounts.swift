import Synchronization

/// What a gateway has done so far.
public struct GatewayCounts: Hashable, Sendable {
    /// Calls of which something was sent to a service, each once however often it was repeated.
    public var forwarded = 0
    /// Sends beyond a call's first.
    public var repeated = 0
    /// Calls open now.
    public var openNow = 0
    /// Requests whose path leads nowhere or names no instance.
    public var refusedPaths = 0
    /// Requests with an instance's path and another key, or none.
    public var refusedKeys = 0
    /// Figures of usage that were ignored because they can't be.
    public var nonsenseUsage = 0
}

/// The counts, for everybody who counts.
final class GatewayCounter: Sendable {
    private let counts = Mutex(GatewayCounts())

    var now: GatewayCounts { counts.withLock { $0 } }

    func count(_ figure: WritableKeyPath<GatewayCounts, Int> & Sendable, by number: Int = 1) {
        guard number != 0 else { return }
        counts.withLock { $0[keyPath: figure] += number }
    }

    /// False: there are `most` open already.
    func open(most: Int) -> Bool {
        counts.withLock { counts in
            guard counts.openNow < most else { return false }
            counts.openNow += 1
            return true
        }
    }
}
