/// How near to full a bucket has come since each of its takes: what a take may still give back.
///
/// A call that was estimated at 10 and cost 2 gives 8 back. But if the bucket has stood within 3 of full since the
/// take, then with the true cost it would have overflowed by 5 there, so only 3 exist: the service has no more either.
/// An observation is kept only while no later one came as near to full, so both number and headroom rise along the
/// array.
struct HeadroomHistory: Sendable {
    private struct Observation {
        /// It was made after this take's predecessor and before this take.
        var before: UInt64
        /// Sub-units that were missing to full.
        var headroom: Int128
    }

    /// Observations kept; then neighbours are merged, which may only give back less.
    private static let most = 128
    private var observations: [Observation] = []

    /// The bucket stands this far from full, and take number `before` comes next.
    mutating func observe(headroom: Int128, before: UInt64) {
        while let last = observations.last, last.headroom >= headroom { observations.removeLast() }
        if observations.count >= Self.most { merge() }
        observations.append(Observation(before: before, headroom: headroom))
    }

    /// Gives back as much of `amount` as the takes since number `take` leave room for. To be called after an
    /// observation of now.
    mutating func giveBack(_ amount: Int128, of take: UInt64) -> Int128 {
        var first = observations.count
        while first > 0, observations[first - 1].before > take { first -= 1 }
        guard first < observations.count else { return 0 }
        let given = min(amount, observations[first].headroom)
        guard given > 0 else { return 0 }
        // With the true cost the bucket stood that much higher all this time: another give-back must see it.
        for place in first..<observations.count { observations[place].headroom -= given }
        var older = first
        while older > 0, observations[older - 1].headroom >= observations[first].headroom { older -= 1 }
        observations.removeSubrange(older..<first)
        return given
    }

    /// The limit's unit changed: every headroom is converted, rounded down.
    mutating func convert(_ conversion: (Int128) -> Int128) {
        let old = observations
        observations = []
        for observation in old { observe(headroom: conversion(observation.headroom), before: observation.before) }
    }

    private mutating func merge() {
        var merged: [Observation] = []
        for place in stride(from: 0, to: observations.count - 1, by: 2) {
            merged.append(
                Observation(before: observations[place + 1].before, headroom: observations[place].headroom))
        }
        if observations.count % 2 == 1, let last = observations.last { merged.append(last) }
        observations = merged
    }
}
