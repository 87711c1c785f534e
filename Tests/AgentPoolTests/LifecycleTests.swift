import AgentPool
import ClusterModel
import Testing

private func id(_ slot: Int, _ generation: UInt64 = 1) -> InstanceID { InstanceID(slot: slot, generation: generation) }
private func token(_ number: Int) -> AttemptToken { PoolWorld.token(number) }

private func configuration(
    slots: Int = 2, tasksPerInstance: Int = 50, _ fill: (inout PoolConfiguration) -> Void = { _ in }
) -> PoolConfiguration {
    var made = PoolConfiguration(slots: slots, tasksPerInstance: tasksPerInstance, residentLimitBytes: 1000)
    fill(&made)
    return made
}

extension PoolWorld {
    fileprivate mutating func measure(_ id: InstanceID, _ bytes: UInt64) -> [PoolEffect<String>] {
        take(pool.memoryMeasured(id, residentBytes: bytes, at: now))
    }

    /// A task from its arrival to its idle instance.
    fileprivate mutating func serve(_ number: Int, on id: InstanceID, _ fingerprint: String = "a") {
        // Time for another start to be allowed.
        pass(.seconds(1))
        arrive(number, fingerprint)
        if starting[id] != nil { started(id) }
        turnEnded(id)
        if clearing.contains(id) { cleared(id) }
    }

    fileprivate mutating func events() -> [String] {
        pool.takeLifecycle().map { "\($0.instance) \($0.kind.rawValue) \($0.reason.rawValue)" }
    }
}

@Suite("Why instances begin and end")
struct LifecycleTests {
    @Test("Each end has its reason, told once and counted for good")
    func reasons() {
        var world = PoolWorld(configuration(slots: 1, tasksPerInstance: 2))
        world.serve(1, on: id(0))
        world.serve(2, on: id(0))
        #expect(world.events() == ["0.1 created task", "0.1 recycled tasks"])
        #expect(world.events().isEmpty)
        world.stopped(id(0))
        world.serve(3, on: id(0, 2))
        world.pass(.seconds(1))
        world.arrive(4, "b")
        #expect(world.events() == ["0.2 created task", "0.2 recycled room"])
        world.stopped(id(0, 2))
        world.startFailed(id(0, 3))
        world.stopped(id(0, 3))
        world.pass(.seconds(2))
        world.started(id(0, 4))
        world.turnEnded(id(0, 4), .init(succeeded: false, instanceIsSound: false))
        #expect(
            world.events() == ["0.3 terminated start-failed", "0.4 created task", "0.4 recycled error"])
        world.stopped(id(0, 4))
        world.serve(5, on: id(0, 5))
        world.take(world.pool.instanceDied(id(0, 5), at: world.now))
        world.stopped(id(0, 5))
        world.pass(.seconds(1))
        world.arrive(6)
        world.started(id(0, 6))
        world.take(world.pool.cancelArrived(token(6), at: world.now))
        world.turnEnded(id(0, 6), .init(succeeded: false))
        world.stopped(id(0, 6))
        world.serve(7, on: id(0, 7))
        world.take(world.pool.drainBegan(at: world.now))
        #expect(
            world.events() == [
                "0.5 created task", "0.5 terminated died", "0.6 created task", "0.6 recycled interrupted",
                "0.7 created task", "0.7 terminated leaving",
            ])
        #expect(world.pool.lifecycleCounts.first == InstanceCount(event: "created", reason: "task", count: 6))
        #expect(world.pool.lifecycleCounts.contains(InstanceCount(event: "recycled", reason: "tasks", count: 1)))
    }

    @Test("Growth counts from the first measure, age from the first answer; a turn is never cut for them")
    func growthAndAge() {
        var world = PoolWorld(
            configuration {
                $0.residentGrowthBytes = 100; $0.ageLimit = .seconds(60)
            })
        world.serve(1, on: id(0))
        #expect(world.measure(id(0), 700).isEmpty)
        #expect(world.measure(id(0), 800).isEmpty)
        #expect(world.measure(id(0), 801).contains(.stop(id(0))))
        world.stopped(id(0))
        world.serve(2, on: id(0, 2))
        #expect(world.measure(id(0, 2), 801).isEmpty, "the next one's own first measure counts")
        world.pass(.seconds(59))
        world.arrive(3)
        world.pass(.seconds(2))
        #expect(world.turns[id(0, 2)] != nil)
        #expect(world.turnEnded(id(0, 2)).contains(.stop(id(0, 2))))
        world.stopped(id(0, 2))
        world.serve(4, on: id(0, 3))
        #expect(world.pass(.seconds(60)).contains(.stop(id(0, 3))), "also while it is idle")
        #expect(
            world.events().filter { $0.contains("recycled") } == [
                "0.1 recycled growth", "0.2 recycled age", "0.3 recycled age",
            ])
    }

    @Test("A spare is started like the last that was asked for, within every bound, and an attempt takes it over")
    func spares() {
        var world = PoolWorld(configuration(slots: 3) { $0.spares = 1 })
        let effects = world.arrive(1)
        #expect(effects.contains(.start(id(0), "a", for: token(1))))
        #expect(effects.contains(.startSpare(id(1), "a")))
        #expect(!world.arrive(2).contains { if case .start = $0 { true } else { false } })
        #expect(world.started(id(1)).contains(.runTurn(id(1), token(2))))
        #expect(world.log.contains(.startSpare(id(2), "a")), "and the next one is started")
        world.started(id(2))
        #expect(world.arrive(3).contains(.runTurn(id(2), token(3))))
        #expect(world.events().contains("2.1 created spare"))
        var without = PoolWorld(configuration(slots: 3))
        #expect(!without.arrive(1).contains { if case .startSpare = $0 { true } else { false } })
        var small = PoolWorld(configuration(slots: 3) { $0.spares = 2 })
        small.take(small.pool.sizeChanged(to: 1, because: "memory", at: small.now))
        #expect(!small.arrive(1).contains { if case .startSpare = $0 { true } else { false } })
    }

    @Test("A smaller size starts nothing more, stops what is idle, lowers the capacity, and lets turns end")
    func size() {
        var world = PoolWorld(configuration(slots: 3))
        world.serve(1, on: id(0))
        world.arrive(2, "b")
        world.started(id(1))
        world.arrive(3, "c")
        world.started(id(2))
        let effects = world.take(world.pool.sizeChanged(to: 1, because: "memory", at: world.now))
        #expect(effects.contains(.stop(id(0))) && effects.contains(.capacityChanged))
        #expect(world.pool.capacity == 1 && world.pool.heldBecause == "1 of 3 instances: memory")
        world.stopped(id(0))
        #expect(!world.arrive(4, "d").contains { if case .start = $0 { true } else { false } })
        #expect(world.turnEnded(id(1)).contains(.stop(id(1))))
        world.stopped(id(1))
        world.pass(.seconds(1))
        world.turnEnded(id(2))
        world.cleared(id(2))
        #expect(world.stopping.contains(id(2)), "the last one makes room for another kind")
        #expect(world.stopped(id(2)).contains { if case .start(_, "d", _) = $0 { true } else { false } })
        world.take(world.pool.sizeChanged(to: 0, because: "x", at: world.now))
        #expect(world.pool.size == 1)
        world.take(world.pool.sizeChanged(to: 9, because: "x", at: world.now))
        #expect(world.pool.capacity == 3 && world.pool.heldBecause.isEmpty)
        #expect(world.events().contains("0.1 terminated shed"))
    }

    @Test("A silent turn is interrupted, then TERM, then KILL; a held call, a limit of 0 and a success excuse it")
    func silence() {
        func quiet() -> PoolWorld {
            var world = PoolWorld(
                configuration {
                    $0.silenceLimit = .seconds(30); $0.firstByteLimit = .seconds(10)
                })
            world.arrive(1, timeout: .seconds(600))
            world.started(id(0))
            return world
        }
        func look(_ world: inout PoolWorld, _ seconds: Int64, hasSpoken: Bool) -> [PoolEffect<String>] {
            world.take(world.pool.silenceMeasured(id(0), .seconds(seconds), hasSpoken: hasSpoken, at: world.now))
        }
        var world = quiet()
        #expect(look(&world, 29, hasSpoken: true).isEmpty && look(&world, 9, hasSpoken: false).isEmpty)
        world.held(id(0))
        #expect(look(&world, 31, hasSpoken: true).isEmpty)
        world.released(id(0))
        #expect(look(&world, 31, hasSpoken: true).contains(.interrupt(id(0))))
        #expect(look(&world, 32, hasSpoken: true).isEmpty, "once")
        #expect(world.pass(.seconds(5)).contains(.terminate(id(0))))
        #expect(world.pass(.seconds(5)).contains(.kill(id(0))))
        world.turnEnded(id(0), .init(succeeded: false, instanceIsSound: false))
        #expect(world.ended[token(1)] == .silent(.seconds(31), hasSpoken: true))
        var first = quiet()
        #expect(look(&first, 10, hasSpoken: false).contains(.interrupt(id(0))))
        first.turnEnded(id(0))
        #expect(first.ended[token(1)] == .turn, "it was done before the interrupt reached it")
        var never = PoolWorld(configuration())
        never.arrive(1)
        never.started(id(0))
        #expect(look(&never, 1_000_000, hasSpoken: false).isEmpty)
    }
}

@Suite("How many instances a host can bear")
struct PoolSizerTests {
    private func host(_ free: UInt64, cores: Int = 4, load: Double = 0) -> HostMeasure {
        HostMeasure(availableBytes: free << 20, totalBytes: 10_000 << 20, cores: cores, load: load)
    }

    @Test("The scarcer of memory and cores caps it, and the sentence says which")
    func cap() {
        var sizer = PoolSizer(minimum: 1, maximum: 100, isExplicit: false)
        sizer.measured(host(4000), live: 2, busy: 2, residentBytes: 300 << 20, at: .origin)
        #expect(sizer.size == 12 && sizer.because.hasPrefix("memory (4000 MiB free"))
        sizer = PoolSizer(minimum: 1, maximum: 100, isExplicit: false)
        sizer.measured(host(9900, cores: 1), live: 2, busy: 2, residentBytes: 100 << 20, at: .origin)
        #expect(sizer.size == 8 && sizer.because.contains("1 cores"))
        sizer = PoolSizer(minimum: 20, maximum: 100, isExplicit: false)
        sizer.measured(host(4000), live: 2, busy: 2, residentBytes: 300 << 20, at: .origin)
        #expect(sizer.size == 20)
        sizer = PoolSizer(minimum: 1, maximum: 5, isExplicit: false)
        sizer.measured(host(4000), live: 2, busy: 2, residentBytes: 300 << 20, at: .origin)
        #expect(sizer.size == 5 && sizer.because.isEmpty)
    }

    @Test("It shrinks at once and grows after half a minute of room, or when an operator asks")
    func hysteresis() {
        var sizer = PoolSizer(minimum: 1, maximum: 10, isExplicit: false)
        func look(_ free: UInt64, _ seconds: Int64, isFirm: Bool = false) -> Int {
            sizer.measured(
                host(free), live: 2, busy: 1, residentBytes: 300 << 20, isFirm: isFirm,
                at: .origin + .seconds(seconds))
            return sizer.size
        }
        #expect(look(2000, 0) == 5)
        #expect(look(9000, 5) == 5 && look(9000, 34) == 5)
        #expect(look(2000, 35) == 5 && look(9000, 40) == 5, "room that was gone in between starts the wait anew")
        #expect(look(9000, 69) == 5 && look(9000, 70) == 10)
        #expect(look(2000, 71) == 5 && look(9000, 72, isFirm: true) == 10)
    }

    @Test("Pressure first stops starts, then sheds what is idle; a number that was asked for bends only to the second")
    func pressure() {
        func look(_ measure: HostMeasure, isExplicit: Bool) -> PoolSizer {
            var sizer = PoolSizer(minimum: 1, maximum: 10, isExplicit: isExplicit)
            sizer.measured(measure, live: 6, busy: 2, residentBytes: 300 << 20, at: .origin)
            return sizer
        }
        var slow = host(9000)
        slow.someStalledPercent = 25
        var stuck = host(9000)
        stuck.allStalledPercent = 30
        var full = host(9000)
        full.diskFreeBytes = 100 << 20
        var filling = host(9000)
        filling.diskFreeBytes = 800 << 20
        for measure in [slow, filling, host(900), host(9000, load: 65)] {
            #expect(look(measure, isExplicit: false).size == 6, "\(measure)")
            #expect(look(measure, isExplicit: false).because.contains("no instance is started"))
            #expect(look(measure, isExplicit: true).size == 10)
        }
        for measure in [stuck, full, host(100)] {
            #expect(look(measure, isExplicit: false).size == 2, "\(measure)")
            #expect(look(measure, isExplicit: true).size == 2)
            #expect(look(measure, isExplicit: true).because.contains("idle instances are stopped"))
        }
    }
}
