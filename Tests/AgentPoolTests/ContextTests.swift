import AgentPool
import ClusterModel
import Testing

private func id(_ slot: Int, _ generation: UInt64 = 1) -> InstanceID { InstanceID(slot: slot, generation: generation) }
private func token(_ number: Int) -> AttemptToken { PoolWorld.token(number) }

@Suite("Turns of a context")
struct ContextTests {
    private func turn(_ context: String, _ head: String = "", launch: Bool = false) -> PoolConversation {
        PoolConversation(context: context, head: head, needsLaunch: launch)
    }

    /// A pool in which the first turn of "talk" has succeeded on the first instance.
    private func holding(slots: Int = 2, tasksPerInstance: Int = 50) -> PoolWorld {
        var world = PoolWorld(PoolConfiguration(slots: slots, tasksPerInstance: tasksPerInstance))
        world.arrive(1, conversation: turn("talk"))
        world.started(id(0))
        world.turnEnded(id(0), TurnReport(succeeded: true, head: "talk#1"))
        return world
    }

    @Test("The instance is not cleared, and the next turn goes to it")
    func warm() {
        var world = holding()
        #expect(!world.log.contains(.clear(id(0))) && world.pool.holding == 1)
        #expect(world.pool.holds(turn("talk", "talk#1"), for: "a"))
        #expect(world.arrive(2, conversation: turn("talk", "talk#1")).contains(.runTurn(id(0), token(2))))
    }

    @Test("Nobody else gets it while there is room elsewhere")
    func othersGoElsewhere() {
        var world = holding()
        #expect(world.arrive(2).contains(.start(id(1), "a", for: token(2))))
        #expect(world.pool.holding == 1)
    }

    @Test("Without room it is cleared for a task of its launch, and stopped for one of another")
    func evicted() {
        var world = holding(slots: 1)
        #expect(world.arrive(2).contains(.clear(id(0))))
        #expect(world.cleared(id(0)).contains(.runTurn(id(0), token(2))))
        world = holding(slots: 1)
        world.pass(1000)
        #expect(world.arrive(2, "b").contains(.stop(id(0))))
    }

    @Test("The one that was not used for longest makes room")
    func leastRecentlyUsed() {
        var world = holding()
        world.arrive(2, conversation: turn("other"))
        world.started(id(1))
        world.pass(1000)
        world.turnEnded(id(1), TurnReport(succeeded: true, head: "other#1"))
        #expect(world.arrive(3).contains(.clear(id(0))))
        #expect(world.pool.holds(turn("other", "other#1"), for: "a"))
    }

    @Test("A turn that goes on from another state has an instance launched, and the old one is stopped")
    func outdated() {
        var world = holding()
        let effects = world.arrive(2, conversation: turn("talk", "talk#2"))
        #expect(effects.contains(.stop(id(0))) && effects.contains(.start(id(1), "a", for: token(2))))
        // Launched with other options, it can't serve the turn either.
        world = holding()
        let others = world.arrive(2, "b", conversation: turn("talk", "talk#1"))
        #expect(others.contains(.stop(id(0))) && others.contains(.start(id(1), "b", for: token(2))))
    }

    @Test("A copy of a context, and a turn that was interrupted, need a launch; the parent's instance stays")
    func launches() {
        var world = holding()
        #expect(
            world.arrive(2, conversation: turn("copy", "talk#1", launch: true)).contains(
                .start(id(1), "a", for: token(2))))
        #expect(world.pool.holding == 1)
        world = holding(slots: 1)
        world.pass(1000)
        #expect(world.arrive(2, conversation: turn("", "half#0", launch: true)).contains(.stop(id(0))))
    }

    @Test("A failed turn leaves nothing: the instance is cleared before it serves anybody")
    func failedTurn() {
        var world = holding()
        world.arrive(2, conversation: turn("talk", "talk#1"))
        #expect(world.turnEnded(id(0), TurnReport(succeeded: false)).contains(.clear(id(0))))
        world.cleared(id(0))
        #expect(world.arrive(3, conversation: turn("talk", "talk#1")).contains(.start(id(1), "a", for: token(3))))
    }

    @Test("After as many turns as an instance serves it is stopped; the next turn has one launched")
    func recycled() {
        var world = holding(tasksPerInstance: 2)
        world.arrive(2, conversation: turn("talk", "talk#1"))
        #expect(world.turnEnded(id(0), TurnReport(succeeded: true, head: "talk#2")).contains(.stop(id(0))))
        #expect(world.arrive(3, conversation: turn("talk", "talk#2")).contains(.start(id(1), "a", for: token(3))))
    }

    @Test("An instance launched with a conversation whose turn was cancelled is cleared before it is a spare")
    func cancelledLaunch() {
        var world = PoolWorld(PoolConfiguration(slots: 1))
        world.arrive(1, conversation: turn("talk", "talk#4"))
        world.take(world.pool.cancelArrived(token(1), at: world.now))
        #expect(world.started(id(0)).contains(.clear(id(0))))
    }

    @Test("A conversation that can't be taken up ends its attempt and rests nobody else")
    func unusable() {
        var world = PoolWorld(PoolConfiguration(slots: 2))
        world.arrive(1, conversation: turn("talk", "talk#4"))
        for generation in 1...3 {
            let instance = world.starting.keys.first ?? id(9)
            world.startFailed(instance)
            world.stopped(instance)
            if generation < 3 { world.pass(.seconds(70)) }
        }
        guard case .startsFailed = world.ended[token(1)] else {
            Issue.record("\(String(describing: world.ended[token(1)]))")
            return
        }
        #expect(world.pool.capacity == 2)
    }
}
