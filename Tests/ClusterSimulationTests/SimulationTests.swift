import Testing

@testable import ClusterSimulation

@Suite struct SimulationTests {
    @Test func aSeedMakesTheSameTraceTwice() {
        for seed in 1...6 {
            let first = simulate(seed: UInt64(seed), isTraced: seed == 1)
            let second = simulate(seed: UInt64(seed))
            #expect(first.hash == second.hash)
            #expect(first.violations == [])
            #expect(first.events == second.events)
            #expect(first.trace.isEmpty == (seed != 1))
        }
    }

    @Test func theTraceIsHashedAsFNVSays() {
        var trace = Trace(isKept: false)
        trace.add("a")
        // FNV-1a of the two bytes "a\n".
        #expect(trace.hash == 0x089B_DC07_B544_E7B2)
    }

    @Test(arguments: ["taskEnded", "attemptEnded", "assigned", "jobSealed"])
    func aDiskThatForgetsIsFound(_ record: String) {
        #expect(isFound(.diskForgets(record, every: 6)))
    }

    @Test func aResultUnderAnotherAttemptsNumberIsFound() { #expect(isFound(.wrongToken)) }

    @Test func agentsThatAreOverfilledAreFound() { #expect(isFound(.twiceTheRoom)) }

    /// Whether some of the first seeds break a rule with this fault planted.
    private func isFound(_ sabotage: Sabotage) -> Bool {
        (1...40).contains { seed in
            var simulation = Simulation(seed: UInt64(seed), isTraced: false, sabotage: sabotage)
            return !simulation.run().violations.isEmpty
        }
    }
}
