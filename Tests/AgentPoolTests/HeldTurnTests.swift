import AgentPool
import ClusterModel
import Testing

private func id(_ slot: Int, _ generation: UInt64 = 1) -> InstanceID { InstanceID(slot: slot, generation: generation) }
private func token(_ number: Int) -> AttemptToken { PoolWorld.token(number) }

@Suite("Turns whose calls wait for a permit")
struct HeldTurnTests {
    private func running(timeout: Milliseconds = .seconds(600)) -> PoolWorld {
        var configuration = PoolConfiguration(slots: 1)
        configuration.longestHold = .seconds(300)
        var world = PoolWorld(configuration)
        world.arrive(1, timeout: timeout)
        world.started(id(0))
        return world
    }

    @Test("A turn's time stands still while any of its calls is held")
    func clock() {
        var world = running(timeout: .seconds(10))
        world.pass(9_000)
        world.held(id(0))
        world.held(id(0))
        world.pass(100_000)
        world.released(id(0))
        world.pass(100_000)
        world.released(id(0))
        #expect(!world.pass(999).contains(.interrupt(id(0))))
        #expect(world.pass(1).contains(.interrupt(id(0))))
        world.turnEnded(id(0), TurnReport(succeeded: false))
        #expect(world.ended[token(1)] == .timedOut)
    }

    @Test("Held longer than a turn may be, it is interrupted and handed back")
    func longestHold() {
        var world = running()
        world.held(id(0))
        #expect(!world.pass(299_999).contains(.interrupt(id(0))))
        #expect(world.pass(1).contains(.interrupt(id(0))))
        world.released(id(0))
        world.turnEnded(id(0), TurnReport(succeeded: false))
        #expect(world.ended[token(1)] == .handedBack(.held))
    }

    @Test("One that succeeded before the interrupt reached it has succeeded")
    func doneInTime() {
        var world = running()
        world.held(id(0))
        world.pass(300_000)
        world.turnEnded(id(0), TurnReport(succeeded: true))
        #expect(world.ended[token(1)] == .turn)
    }

    @Test("A release that nothing was held for changes nothing; nor does a hold of an instance of before")
    func strangers() {
        var world = running(timeout: .seconds(10))
        world.released(id(0))
        world.held(id(0, 7))
        world.held(id(5))
        #expect(world.pass(10_000).contains(.interrupt(id(0))))
    }
}
