import ClusterModel
import CoordinatorCore
import CoordinatorStore
import Testing

/// The real store behind a random fleet. A crash closes nothing in order: the next one opens what is on disk.
private struct SQLiteBacking: Backing {
    let directory: String
    var store: SQLiteStore?

    init(directory: String) throws {
        self.directory = directory
        store = try SQLiteStore.open(directory: directory, newStoreID: RandomFleet.store.rawValue)
    }

    func commit(_ records: [DurableRecord]) throws { try store?.commit(records) }

    mutating func reopen() throws -> RecoveredState {
        let term = store?.term ?? 0
        store = nil
        let next = try SQLiteStore.open(directory: directory, newStoreID: 1)
        store = next
        #expect(next.term == term + 1 && next.storeID == RandomFleet.store)
        return try next.recover()
    }
}

@Suite("Random fleets against SQLite")
struct RandomFleetOnSQLiteTests {
    @Test(
        "SQLite knows after each crash what the model knows, and has every prompt and end", .timeLimit(.minutes(2)),
        arguments: 1000..<1020 as Range<UInt64>)
    func random(seed: UInt64) throws {
        let scratch = try ScratchDirectory()
        var fleet = RandomFleet(seed: seed, thorough: false, backing: try SQLiteBacking(directory: scratch.path))
        var steps = 0
        while steps < 800, !fleet.failed {
            fleet.step()
            steps += 1
        }
        fleet.crash()
        if !fleet.failed { fleet.drain() }
        if !fleet.failed { fleet.audit() }
        fleet.crash()
        #expect(
            fleet.wrong.isEmpty && fleet.disk.violations.isEmpty,
            "seed \(seed), input \(fleet.inputs): \(fleet.wrong.prefix(3))")
        guard let store = (fleet.backing as? SQLiteBacking)?.store else { return }
        for id in fleet.disk.order { try compare(id, of: fleet.disk, with: store) }
        #expect(fleet.crashes > 2)
    }

    private func compare(_ id: JobID, of model: ModelStore, with store: SQLiteStore) throws {
        // A crash may leave a job half pruned: what is gone can't be asked for.
        guard let job = model.jobs[id], !job.tasks.contains(where: \.isPruned) else { return }
        let ids = job.tasks.indices.map { TaskID(job: id, index: UInt32($0)) }
        #expect(try store.prompts(ids) == job.tasks.map(\.spec.prompt))
        let listed = try store.tasks(of: id, from: 0, limit: 1000)
        #expect(listed.map(\.name) == job.tasks.map(\.spec.name) && listed.map(\.end) == job.tasks.map(\.end?.state))
        var results: [StoredResult] = []
        var next: UInt32 = 0
        while true {
            let page = try store.results(of: id, from: next, limit: 3, bytes: 100_000)
            results += page.results
            guard page.more, let last = page.results.last else { break }
            next = last.task.index + 1
        }
        let ends = job.tasks.compactMap(\.end)
        #expect(results.map(\.task) == ends.map(\.task))
        for (result, end) in zip(results, ends) {
            #expect(result.state == end.state && result.attempts == end.attempt && result.answer == end.result?.answer)
            #expect(
                result.failure == end.failure ?? end.result?.failure && result.usage == end.result?.usage ?? Usage())
            #expect(
                result.costMicroUSD == end.result?.costMicroUSD ?? 0
                    && result.agent == end.agent.flatMap { model.agents[$0]?.name } ?? "")
        }
    }
}
