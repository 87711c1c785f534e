/// A call that has arrived: it reports its end once, and when nobody says how it ended, its caller has left.
final class OpenCall: Sendable {
    private let number: Int
    private let state: SimState

    init(number: Int, state: SimState) {
        self.number = number
        self.state = state
    }

    /// Notes how the call ended; the first word counts.
    func end(_ outcome: CallLedger.Outcome) { state.ended(number, outcome) }

    // The response that holds this call is let go when its connection dies, whatever the moment.
    deinit { state.ended(number, .abandoned) }
}
