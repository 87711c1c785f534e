import Synchronization

/// Streams through the gateway that stay open: whenever one has ended its place opens the next.
final class StreamLoad: Sendable {
    private struct State {
        var placesBegun = 0
        var openNow = 0
        var completed = 0
        var isEnding = false
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let caller: MessageCaller
    private let server: Listening
    private let stream: MessageStream
    private let places: Int

    init(_ caller: MessageCaller, _ server: Listening, _ stream: MessageStream, places: Int) {
        self.caller = caller
        self.server = server
        self.stream = stream
        self.places = places
    }

    /// Streams that came to their proper end.
    var completed: Int { state.withLock { $0.completed } }
    /// Streams of which something came, and not yet the end.
    var openNow: Int { state.withLock { $0.openNow } }

    /// Whether each place has had its first byte; throws what a stream failed with.
    func isFull() throws -> Bool {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.placesBegun == places
        }
    }

    /// No place opens another stream.
    func end() { state.withLock { $0.isEnding = true } }

    /// Keeps one place at work until ``end()``. The places begin one after the other over a stream's time, so that their events spread.
    func keepOpen(_ place: Int) async {
        do {
            try await Task.sleep(for: .milliseconds(Double(stream.milliseconds) * Double(place) / Double(places)))
            var isFirst = true
            while state.withLock({ !$0.isEnding && $0.failure == nil }) {
                try await caller.call(server, stream) { _ in
                    state.withLock { state in
                        state.openNow += 1
                        if isFirst { state.placesBegun += 1 }
                    }
                    isFirst = false
                }
                state.withLock { state in
                    state.openNow -= 1
                    state.completed += 1
                }
            }
        } catch {
            state.withLock { $0.failure = $0.failure ?? error }
        }
    }
}
