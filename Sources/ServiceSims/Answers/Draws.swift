/// Chance that can be repeated: a small generator (SplitMix64) started from a seed and what the chance is about.
struct Draws: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64, text: String, count: Int, round: Int) {
        // FNV-1a over the text; Swift's own Hasher differs from process to process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.state = seed
        for part in [hash, UInt64(bitPattern: Int64(count)), UInt64(bitPattern: Int64(round))] {
            state = next() ^ part
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// What chance gives one call: a function of the seed, the prompt, the turn's round and how often that pair was drawn.
struct CallDraws: Hashable, Sendable {
    enum Fault: Hashable, Sendable { case none, overloaded, failure, cut }

    let outputTokens: Int
    let latencyMilliseconds: Int
    let fault: Fault
    let identity: UInt64

    init(_ configuration: AnthropicSimConfiguration, text: String, count: Int, round: Int) {
        var draws = Draws(seed: configuration.seed, text: text, count: count, round: round)
        outputTokens = Int.random(in: configuration.answerTokens, using: &draws)
        let jitter = Int.random(in: 0...configuration.latencyJitterMilliseconds, using: &draws)
        latencyMilliseconds = configuration.latencyMilliseconds + jitter
        let chance = Double.random(in: 0..<1, using: &draws)
        let failureEnd = configuration.overloadedShare + configuration.failureShare
        fault =
            if chance < configuration.overloadedShare {
                .overloaded
            } else if chance < failureEnd {
                .failure
            } else if chance < failureEnd + configuration.cutShare {
                .cut
            } else {
                .none
            }
        identity = draws.next()
    }
}
