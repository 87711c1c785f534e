import AgentPool
import ClusterModel
import Testing

private func id(_ slot: Int, _ generation: UInt64 = 1) -> InstanceID { InstanceID(slot: slot, generation: generation) }
private func token(_ number: Int) -> AttemptToken { PoolWorld.token(number) }

@Suite("Where attempts go")
struct AgentPoolDispatchTests {
    @Test("A first attempt starts an instance, runs on it, and leaves it cleared and idle for the next")
    func warmReuse() {
        var world = PoolWorld(.init(slots: 2))
        #expect(world.arrive(1).contains(.start(id(0), "a", for: token(1))))
        #expect(world.started(id(0)).contains(.runTurn(id(0), token(1))))
        let effects = world.turnEnded(id(0))
        #expect(effects.contains(.end(token(1), .turn, on: id(0))))
        #expect(effects.contains(.clear(id(0))))
        world.cleared(id(0))
        #expect(world.arrive(2).contains(.runTurn(id(0), token(2))))
        #expect(world.pool.instancesStarted == 1)
    }

    @Test("Another fingerprint takes an empty slot, and when none is left the longest idle one makes room")
    func otherFingerprint() {
        var world = PoolWorld(.init(slots: 2))
        for (slot, name) in ["a", "b"].enumerated() {
            world.arrive(slot, name)
            world.started(id(slot))
            world.turnEnded(id(slot))
            world.pass(1000)
            world.cleared(id(slot))
        }
        let effects = world.arrive(3, "c")
        #expect(effects.contains(.stop(id(0))))
        #expect(!effects.contains(.stop(id(1))))
        #expect(world.stopped(id(0)).contains(.start(id(0, 2), "c", for: token(3))))
    }

    @Test("More than it holds is handed back; the same attempt is taken once")
    func bounded() {
        var world = PoolWorld(.init(slots: 2))
        world.arrive(1)
        world.arrive(2)
        #expect(world.arrive(3).contains(.end(token(3), .handedBack(.full), on: nil)))
        #expect(world.arrive(1).isEmpty)
    }

    @Test("Starts are bounded a minute; a warm instance serves what waits for a start")
    func spawnRate() {
        var world = PoolWorld(.init(slots: 4, instancesPerMinute: 2))
        world.arrive(1)
        world.arrive(2)
        #expect(!world.arrive(3, "b").contains { if case .start = $0 { true } else { false } })
        world.arrive(4)
        world.started(id(0))
        world.turnEnded(id(0))
        #expect(world.cleared(id(0)).contains(.runTurn(id(0), token(4))))
        #expect(world.pass(29_999).isEmpty)
        #expect(world.pass(1).contains(.start(id(2), "b", for: token(3))))
    }

    @Test("Instances that start at the same time are bounded")
    func startsAtOnce() {
        var world = PoolWorld(.init(slots: 4, startsAtOnce: 1))
        world.arrive(1)
        world.arrive(2)
        #expect(world.starting.count == 1)
        #expect(world.started(id(0)).contains(.start(id(1), "a", for: token(2))))
    }
}

@Suite("When instances are replaced")
struct AgentPoolRecycleTests {
    private func run(_ world: inout PoolWorld, _ report: TurnReport) -> [PoolEffect<String>] {
        world.arrive(1)
        world.started(id(0))
        return world.turnEnded(id(0), report)
    }

    @Test("After its number of tasks")
    func tasksPerInstance() {
        var world = PoolWorld(.init(slots: 1, tasksPerInstance: 2, instancesPerMinute: 60))
        #expect(run(&world, .init(succeeded: true)).contains(.clear(id(0))))
        world.cleared(id(0))
        world.arrive(2)
        #expect(world.turnEnded(id(0)).contains(.stop(id(0))))
        world.stopped(id(0))
        world.pass(.seconds(1))
        #expect(world.arrive(3).contains(.start(id(0, 2), "a", for: token(3))))
    }

    @Test("After a turn that left it unsound, and only then: a failed verdict alone keeps it")
    func unsound() {
        var world = PoolWorld(.init(slots: 1))
        #expect(run(&world, .init(succeeded: false)).contains(.clear(id(0))))
        var other = PoolWorld(.init(slots: 1))
        #expect(run(&other, .init(succeeded: false, instanceIsSound: false)).contains(.stop(id(0))))
    }

    @Test("After a failed or an endless clear")
    func clearFailed() {
        var world = PoolWorld(.init(slots: 1))
        _ = run(&world, .init(succeeded: true))
        #expect(world.cleared(id(0), succeeded: false).contains(.stop(id(0))))
        var other = PoolWorld(.init(slots: 1))
        _ = run(&other, .init(succeeded: true))
        #expect(other.pass(.seconds(20)).contains(.stop(id(0))))
    }

    @Test("Above its memory: at once when idle, after its turn when busy")
    func memory() {
        var world = PoolWorld(.init(slots: 1, residentLimitBytes: 1000))
        world.arrive(1)
        world.started(id(0))
        #expect(world.take(world.pool.memoryMeasured(id(0), residentBytes: 1001, at: world.now)).isEmpty)
        #expect(world.turnEnded(id(0)).contains(.stop(id(0))))
        world.stopped(id(0))
        world.pass(.seconds(1))
        world.arrive(2)
        world.started(id(0, 2))
        world.turnEnded(id(0, 2))
        world.cleared(id(0, 2))
        world.take(world.pool.memoryMeasured(id(0, 2), residentBytes: 1000, at: world.now))
        #expect(world.pool.instances == 1 && world.stopping.isEmpty)
        #expect(
            world.take(world.pool.memoryMeasured(id(0, 2), residentBytes: 1001, at: world.now)).contains(
                .stop(id(0, 2))))
    }

    @Test("When it died idle; a stop that hangs becomes a kill")
    func died() {
        var world = PoolWorld(.init(slots: 1))
        _ = run(&world, .init(succeeded: true))
        world.cleared(id(0))
        #expect(world.take(world.pool.instanceDied(id(0), at: world.now)).contains(.stop(id(0))))
        #expect(world.pass(.seconds(15)).contains(.kill(id(0))))
        world.stopped(id(0))
        #expect(world.pool.instances == 0)
    }
}

@Suite("Starts that fail")
struct AgentPoolStartTests {
    @Test("Three are tried with growing pauses; then the attempt ends, the pool rests, one task tries again")
    func threeStarts() {
        var world = PoolWorld(.init(slots: 2))
        world.arrive(1)
        world.startFailed(id(0))
        #expect(world.ended.isEmpty)
        world.stopped(id(0))
        #expect(world.pass(999).isEmpty)
        #expect(world.pass(1).contains(.start(id(0, 2), "a", for: token(1))))
        world.startFailed(id(0, 2))
        world.stopped(id(0, 2))
        #expect(world.pass(1999).isEmpty)
        world.pass(1)
        let failure = StartFailure(message: "it broke", programIsMissing: true)
        let effects = world.startFailed(id(0, 3), missing: true)
        #expect(effects.contains(.end(token(1), .startsFailed(failure), on: id(0, 3))))
        #expect(world.pool.capacity == 0)
        #expect(world.pool.heldBecause.contains("it broke"))
        world.stopped(id(0, 3))
        world.arrive(2)
        #expect(world.ended[token(2)] == .handedBack(.suspended(.startsFail("it broke"))))
        #expect(world.pass(.seconds(30)).contains(.capacityChanged))
        #expect(world.pool.capacity == 1)
        world.arrive(3)
        world.started(id(0, 4))
        world.turnEnded(id(0, 4))
        #expect(world.pool.capacity == 2)
    }

    @Test("A start without an answer fails at its deadline")
    func silentStart() {
        var world = PoolWorld(.init(slots: 1))
        world.arrive(1)
        let effects = world.pass(.seconds(90))
        #expect(effects.contains(.kill(id(0))))
        #expect(effects.contains(.stop(id(0))))
    }
}

@Suite("Turns that are ended early")
struct AgentPoolEndingTests {
    private func running(timeout: Milliseconds = .seconds(60)) -> PoolWorld {
        var world = PoolWorld(.init(slots: 1))
        world.arrive(1, timeout: timeout)
        world.started(id(0))
        return world
    }

    @Test("A timeout interrupts, then TERM after 5 s, KILL after 5 more, and the verdict at last in any case")
    func timeout() {
        var world = running()
        #expect(world.pass(59_999).isEmpty)
        #expect(world.pass(1).contains(.interrupt(id(0))))
        #expect(world.pass(4999).isEmpty)
        #expect(world.pass(1).contains(.terminate(id(0))))
        #expect(world.pass(.seconds(5)).contains(.kill(id(0))))
        #expect(world.ended.isEmpty)
        #expect(world.pass(.seconds(5)).contains(.end(token(1), .timedOut, on: id(0))))
    }

    @Test("An interrupted turn ends as timed out, unless it had succeeded before the interrupt came")
    func interrupted() {
        var world = running()
        world.pass(.seconds(60))
        world.turnEnded(id(0), .init(succeeded: false))
        #expect(world.ended[token(1)] == .timedOut)
        #expect(world.stopping == [id(0)])
        var lucky = running()
        lucky.pass(.seconds(60))
        lucky.turnEnded(id(0), .init(succeeded: true))
        #expect(lucky.ended[token(1)] == .turn)
    }

    @Test("A cancel ends a waiting attempt at once, one whose instance starts too, a running one by interrupt")
    func cancel() {
        var world = PoolWorld(.init(slots: 2, startsAtOnce: 1))
        world.arrive(1)
        world.arrive(2)
        world.take(world.pool.cancelArrived(token(2), at: world.now))
        #expect(world.ended[token(2)] == .cancelled)
        world.take(world.pool.cancelArrived(token(1), at: world.now))
        #expect(world.ended[token(1)] == .cancelled)
        world.started(id(0))
        #expect(world.arrive(3).contains(.runTurn(id(0), token(3))), "the start was not in vain")
        #expect(world.take(world.pool.cancelArrived(token(3), at: world.now)).contains(.interrupt(id(0))))
        world.turnEnded(id(0), .init(succeeded: false))
        #expect(world.ended[token(3)] == .cancelled)
    }

    @Test("An abandoned attempt is stopped and stays abandoned")
    func abandon() {
        var world = running()
        world.take(world.pool.attemptAbandoned(token(1), at: world.now))
        world.take(world.pool.cancelArrived(token(1), at: world.now))
        world.turnEnded(id(0))
        #expect(world.ended[token(1)] == .abandoned)
    }
}

@Suite("Leaving, and a refused credential")
struct AgentPoolHoldTests {
    @Test("A drain hands back what waits, lets turns finish, stops every instance, and says when it is done")
    func drain() {
        var world = PoolWorld(.init(slots: 3, startsAtOnce: 1))
        world.arrive(1)
        world.started(id(0))
        world.arrive(2)
        world.arrive(3)
        world.take(world.pool.drainBegan(at: world.now))
        #expect(world.pool.capacity == 0)
        #expect(world.ended[token(2)] == .handedBack(.leaving))
        #expect(world.ended[token(3)] == .handedBack(.leaving))
        #expect(world.arrive(4).contains(.end(token(4), .handedBack(.leaving), on: nil)))
        world.turnEnded(id(0))
        #expect(world.ended[token(1)] == .turn)
        #expect(!world.drained)
        world.stopped(id(0))
        world.stopped(id(1))
        #expect(world.drained)
    }

    @Test("stopNow kills all at once and hands back what had not ended")
    func stopNow() {
        var world = PoolWorld(.init(slots: 2))
        world.arrive(1)
        world.started(id(0))
        world.arrive(2)
        let effects = world.take(world.pool.stopNowArrived(at: world.now))
        #expect(effects.contains(.kill(id(0))))
        #expect(effects.contains(.kill(id(1))))
        #expect(world.ended == [token(1): .handedBack(.leaving), token(2): .handedBack(.leaving)])
        world.stopped(id(0))
        world.stopped(id(1))
        #expect(world.drained)
    }

    @Test(
        "A refused credential takes the capacity, hands back what waits, and is tried again with one task, ever more rarely"
    )
    func credential() {
        var world = PoolWorld(.init(slots: 2, startsAtOnce: 1))
        world.arrive(1)
        world.started(id(0))
        world.arrive(2)
        world.turnEnded(id(0), .init(succeeded: false, credentialRefused: true))
        #expect(world.ended[token(1)] == .turn)
        #expect(world.pool.capacity == 0)
        #expect(world.pool.heldBecause.contains("credential"))
        world.started(id(1))
        world.turnEnded(id(1))
        #expect(world.pool.capacity == 0, "a turn that began before proves nothing")
        world.cleared(id(1))
        for (number, rest) in [30, 60, 120, 240, 480, 600, 600].enumerated() {
            #expect(world.pool.capacity == 0)
            world.pass(.seconds(Int64(rest) - 1))
            #expect(world.pool.capacity == 0)
            world.pass(.seconds(1))
            #expect(world.pool.capacity == 1)
            world.arrive(100 + number)
            world.arrive(200 + number)
            #expect(world.ended[token(200 + number)] == .handedBack(.suspended(.credentialRefused)))
            for id in world.stopping { world.stopped(id) }
            for id in world.starting.keys { world.started(id) }
            for id in world.turns.keys { world.turnEnded(id, .init(succeeded: false, credentialRefused: true)) }
        }
        world.pass(.seconds(600))
        world.arrive(300)
        for id in world.stopping { world.stopped(id) }
        for id in world.starting.keys { world.started(id) }
        for id in world.turns.keys { world.turnEnded(id) }
        #expect(world.pool.capacity == 2)
    }

    @Test("A probe that was cancelled makes room for another")
    func cancelledProbe() {
        var world = PoolWorld(.init(slots: 1))
        world.arrive(1)
        world.started(id(0))
        world.turnEnded(id(0), .init(succeeded: false, credentialRefused: true))
        world.pass(.seconds(30))
        world.arrive(2)
        world.take(world.pool.cancelArrived(token(2), at: world.now))
        #expect(world.pool.capacity == 1)
        world.arrive(3)
        #expect(world.ended[token(3)] == nil)
    }

    @Test("The shell's own hold takes the capacity and gives it back")
    func hold() {
        var world = PoolWorld(.init(slots: 1))
        #expect(world.take(world.pool.holdChanged(to: "the outbox is full", at: world.now)).contains(.capacityChanged))
        #expect(world.pool.capacity == 0)
        #expect(world.pool.heldBecause == "the outbox is full")
        world.take(world.pool.holdChanged(to: nil, at: world.now))
        #expect(world.pool.capacity == 1)
    }
}
