import Testing

@testable import CoordinatorCore

@Suite("Random fleets against a model of the store")
struct RandomFleetTests {
    /// Four seeds a case, so that cases run beside each other.
    @Test(
        "No input breaks an invariant, nothing acknowledged is lost, all of it ends", .timeLimit(.minutes(2)),
        arguments: 0..<20 as Range<UInt64>)
    func random(block: UInt64) {
        var crashes = 0
        var ended = 0
        for seed in block * 4..<block * 4 + 4 {
            // Every input is followed by the full check in one seed of four, every sixteenth in the others.
            var fleet = RandomFleet(seed: seed, thorough: seed % 4 == 0)
            var steps = 0
            while steps < 2000, !fleet.failed {
                fleet.step()
                steps += 1
            }
            if !fleet.failed { fleet.drain() }
            if !fleet.failed { fleet.audit() }
            #expect(fleet.wrong.isEmpty, "seed \(seed), input \(fleet.inputs): \(fleet.wrong.prefix(3))")
            crashes += fleet.crashes
            ended += fleet.disk.reported.count
        }
        // A run in which nothing happened would prove nothing.
        #expect(crashes > 8 && ended > 100, "\(crashes) crashes, \(ended) results")
    }
}
