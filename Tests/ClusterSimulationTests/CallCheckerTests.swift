import Testing

@testable import ClusterSimulation

/// Each checker of calls finds the fault that it is there for, and nothing in a history that is right.
@Suite struct CallCheckerTests {
    @Test func aRightHistoryBreaksNothing() {
        var history = CallHistory()
        history.asked(1, 2, 3)
        history.granted(1, 2)
        history.arrive(1, 2, at: .ms(20))
        history.granted(3, at: .ms(100))
        history.arrive(3, at: .ms(190))
        for number in 1...3 as ClosedRange<UInt64> {
            history.saw(.leaves(CallHistory.key(number), CallHistory.call), at: .ms(300))
            history.told(number, .done, at: .ms(310))
        }
        history.saw(.standing(open: 0, waiting: 0, held: nil), at: .ms(500))
        history.referee.saw(.over(outboxes: []), at: .s(1))
        #expect(history.referee.violations == [])
    }

    @Test func aGrantBeyondARateIsFound() {
        var history = CallHistory()
        history.asked(1, 2, 3)
        history.granted(1, 2)
        history.granted(3, at: .ms(99))
        #expect(history.broken == ["calls within limits"])
    }

    @Test func aRepeatedAnswerIsNoOtherGrant() {
        var history = CallHistory(burst: 1)
        history.asked(1)
        history.granted(1)
        history.granted(1)
        #expect(history.broken == [])
    }

    @Test func whatIsHandedBackMayBeGrantedAgain() {
        var history = CallHistory(burst: 1)
        history.asked(1, 2)
        history.granted(1)
        history.told(1, .withdrawn, at: .ms(5))
        history.granted(2, at: .ms(6))
        #expect(history.broken == [])
    }

    @Test func callsThatReachTheServiceTooCloselyAreFound() {
        var history = CallHistory(burst: 1)
        history.asked(1, 2)
        history.granted(1)
        history.granted(2, at: .ms(100))
        history.arrive(1, at: .ms(70))
        history.arrive(2, at: .ms(110))
        #expect(history.broken == ["calls within limits"])
    }

    @Test func tooManyAtOnceAreFound() {
        var history = CallHistory(.concurrency, amount: 1, burst: 1)
        history.asked(1, 2)
        history.granted(1, 2)
        history.arrive(1, 2, at: .ms(20))
        #expect(history.broken == ["calls within limits"])
    }

    @Test func callsOfALostAgentDoNotCount() {
        var history = CallHistory(.concurrency, amount: 1, burst: 1)
        history.asked(1)
        history.granted(1)
        history.arrive(1, at: .ms(20))
        history.saw(.holderGone(0), at: .s(9))
        history.saw(.asked(CallHistory.key(1, agent: 1), CallHistory.call, 5), at: .s(9))
        history.saw(.granted(CallHistory.key(1, agent: 1)), at: .s(9))
        history.saw(.arrives(CallHistory.key(1, agent: 1), CallHistory.call), at: .s(9))
        #expect(history.broken == [])
    }

    @Test(arguments: [(0.5, true), (2.5, false)]) func aGrantInAParkIsFound(_ seconds: Double, _ isFound: Bool) {
        var history = CallHistory()
        history.asked(1)
        history.granted(1)
        history.told(1, .refused(retryAfter: .s(2), named: nil), at: .ms(100))
        history.asked(2, at: .ms(200))
        history.granted(2, at: .ms(100) + Micros(seconds * 1_000_000))
        #expect(history.broken == (isFound ? ["parks"] : []))
    }

    @Test func anUrgentCallThatWaitsBehindAnotherIsFound() {
        var history = CallHistory()
        history.asked(1, priority: 1)
        history.asked(2, priority: 9)
        history.granted(1)
        #expect(history.broken == ["urgent calls first"])
    }

    @Test func aLaterCallThatGoesBeforeAnEqualOneIsFound() {
        var history = CallHistory()
        history.asked(1, 2)
        history.granted(2)
        #expect(history.broken == ["urgent calls first"])
    }

    @Test func asManyCallsAsBeforeAnOverloadAreFound() {
        var history = CallHistory(burst: 10)
        history.asked(1, 2, 3, 4, 5)
        history.granted(1, 2, 3, 4)
        history.told(1, .overloaded, at: .ms(100))
        history.granted(5, at: .ms(200))
        #expect(history.broken == ["overload"])
    }

    @Test func aPermitThatIsSettledTwiceIsFound() {
        var history = CallHistory()
        history.asked(1, 2)
        history.granted(1, 2)
        history.told(1, .done, at: .ms(100))
        history.saw(.standing(open: 0, waiting: 0, held: nil), at: .ms(200))
        #expect(history.broken == ["permits"])
    }

    @Test func aPermitThatIsLostIsFound() {
        var history = CallHistory()
        history.asked(1)
        history.granted(1)
        history.told(1, .done, at: .ms(100))
        history.saw(.standing(open: 1, waiting: 0, held: nil), at: .ms(200))
        #expect(history.broken == ["permits"])
    }

    @Test func callsThatWaitForNothingAreFound() {
        var history = CallHistory()
        history.asked(1, at: .s(20))
        history.saw(.standing(open: 0, waiting: 1, held: nil), at: .s(25))
        #expect(history.broken == [])
        history.saw(.standing(open: 0, waiting: 1, held: nil), at: .s(60))
        #expect(history.broken == ["flow"])
    }

    /// Faults between core and world, each with the rule that it breaks.
    @Test(arguments: [
        (Sabotage.twiceTheLimits, "calls within limits"), (.deafToRefusals, "parks"), (.deafToOverload, "overload"),
        (.forgetsPriorities, "urgent calls first"), (.losesReports, "permits"), (.settlesTwice, "permits"),
        (.sleepsOnPermits, "flow"),
    ])
    func aPlantedFaultIsFound(_ sabotage: Sabotage, _ rule: String) {
        let isFound = (1...60 as ClosedRange<UInt64>).contains { seed in
            var simulation = Simulation(seed: seed, isTraced: false, sabotage: sabotage)
            return simulation.scenario.calls != nil
                && simulation.run().violations.contains { $0.hasPrefix(rule + ":") }
        }
        #expect(isFound)
    }
}
