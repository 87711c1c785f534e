import AgentPool
import ClusterModel
import Testing

@Suite("A hundred thousand random inputs")
struct AgentPoolRandomTests {
    @Test("Every promise holds after each of them, and every attempt ends", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<25 {
            let slots = Int.random(in: 1...6, using: &random)
            var configuration = PoolConfiguration(
                slots: slots, tasksPerInstance: Int.random(in: 1...8, using: &random),
                instancesPerMinute: Int.random(in: 1...600, using: &random),
                startsAtOnce: Int.random(in: 1...4, using: &random), residentLimitBytes: 1000)
            configuration.spares = Int.random(in: 0...2, using: &random)
            configuration.ageLimit = Bool.random(using: &random) ? .seconds(20) : 0
            configuration.residentGrowthBytes = 60
            configuration.silenceLimit = .seconds(5)
            var world = PoolWorld(configuration)
            for number in 0..<1000 { step(&world, number, &random) }
            finish(&world, now: Bool.random(using: &random))
            #expect(world.drained)
            #expect(world.ended.count == world.accepted.count)
        }
    }

    private func step(_ world: inout PoolWorld, _ number: Int, _ random: inout SeededGenerator) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30:
            world.arrive(
                number, ["a", "b", "c"].randomElement(using: &random) ?? "a",
                timeout: Milliseconds(Int64.random(in: 1...20_000, using: &random)),
                conversation: conversation(&random))
        case 30..<75: answer(&world, &random)
        case 75..<79:
            if let token = pick(Array(world.accepted.keys), &random) {
                let gaveUp = Bool.random(using: &random)
                world.take(
                    gaveUp
                        ? world.pool.attemptAbandoned(token, at: world.now)
                        : world.pool.cancelArrived(token, at: world.now))
            }
        case 79..<82:
            if let id = pick(Array(world.launched.keys), &random) {
                world.take(
                    world.pool.memoryMeasured(
                        id, residentBytes: UInt64.random(in: 900...1010, using: &random), at: world.now))
            }
        case 82..<84:
            if let id = pick(Array(world.idle), &random) { world.take(world.pool.instanceDied(id, at: world.now)) }
        case 84:
            let size = Int.random(in: 0...7, using: &random)
            world.take(world.pool.sizeChanged(to: size, because: "memory", at: world.now))
            #expect(world.pool.takeLifecycle().count < 5000)
        case 86:
            if let id = pick(Array(world.turns.keys), &random) {
                world.take(
                    world.pool.silenceMeasured(
                        id, Milliseconds(Int64.random(in: 0...9000, using: &random)), hasSpoken: true, at: world.now))
            }
        case 85: world.take(world.pool.holdChanged(to: Bool.random(using: &random) ? "full" : nil, at: world.now))
        case 87:
            // An answer of the past.
            if let id = pick(Array(world.launched.keys), &random), !world.processes.contains(id) {
                world.take(world.pool.turnEnded(id, .init(succeeded: true), at: world.now))
                world.take(world.pool.instanceStopped(id, at: world.now))
                world.take(world.pool.instanceStarted(id, at: world.now))
            }
        default: world.pass(Milliseconds(Int64.random(in: 0...3000, using: &random)))
        }
    }

    /// Turns of few contexts in few states, so that many find their instance and many don't.
    private func conversation(_ random: inout SeededGenerator) -> PoolConversation? {
        guard Bool.random(using: &random) else { return nil }
        let context = "c\(Int.random(in: 0...3, using: &random))"
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return PoolConversation(context: context)
        case 1: return PoolConversation(context: "", head: "held", needsLaunch: true)
        case 2: return PoolConversation(context: context, head: "c0#1", needsLaunch: true)
        default: return PoolConversation(context: context, head: context + "#\(Int.random(in: 1...3, using: &random))")
        }
    }

    private func answer(_ world: inout PoolWorld, _ random: inout SeededGenerator) {
        let luck = Int.random(in: 0..<100, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            guard let id = pick(Array(world.starting.keys), &random) else { return }
            if luck < 80 { world.started(id) } else { world.startFailed(id, missing: luck > 95) }
        case 1:
            guard let id = pick(Array(world.turns.keys), &random) else { return }
            let context = world.turns[id].flatMap { world.wanted[$0]?.context } ?? ""
            world.turnEnded(
                id,
                .init(
                    succeeded: luck < 70, credentialRefused: luck > 97, instanceIsSound: luck < 90,
                    head: luck < 70 && !context.isEmpty
                        ? context + "#\(Int.random(in: 1...3, using: &random))" : nil))
        case 2:
            guard let id = pick(Array(world.clearing), &random) else { return }
            world.cleared(id, succeeded: luck < 90)
        default:
            guard let id = pick(Array(world.stopping), &random) else { return }
            world.stopped(id)
        }
    }

    private func finish(_ world: inout PoolWorld, now: Bool) {
        world.take(now ? world.pool.stopNowArrived(at: world.now) : world.pool.drainBegan(at: world.now))
        for _ in 0..<200 where !world.drained {
            world.pass(.seconds(7))
            for id in Array(world.stopping) { world.stopped(id) }
        }
    }

    /// The same choice in every run, whatever order a dictionary has.
    private func pick(_ ids: [InstanceID], _ random: inout SeededGenerator) -> InstanceID? {
        ids.sorted { ($0.slot, $0.generation) < ($1.slot, $1.generation) }.randomElement(using: &random)
    }

    private func pick(_ tokens: [AttemptToken], _ random: inout SeededGenerator) -> AttemptToken? {
        tokens.sorted { $0.task < $1.task }.randomElement(using: &random)
    }
}
