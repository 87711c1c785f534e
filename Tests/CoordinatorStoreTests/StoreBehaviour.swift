import ClusterModel
import Foundation
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

/// What a taker of jobs throws.
private struct Enough: Error {}

/// What any store must do, whatever it rests on. A new store is to be run through all of these.
enum StoreBehaviour: String, CaseIterable, Sendable {
    case keepsIdentity = "It keeps its id, and its term grows with each opening"
    case isWhole = "A transaction is there whole or not at all"
    case keepsJobs = "Jobs come back as they were opened: rules, options, links, order"
    case keepsTasks = "Tasks come back as they stand"
    case keepsConversations = "What turns go on from comes back as it was last left"
    case finishes = "A finished job comes back as its summary, and whole if it is asked for"
    case reopens = "A task that is reopened keeps what ended it among its attempts"
    case switches = "Switches, holds, moves, drains and sweeps come back as they stand"
    case budgets = "Changed budgets and what a day spent come back; days of long ago do not"
    case prunes = "What is pruned is gone, and its job's number is not given out again"
    case givesPrompts = "Prompts come in the order asked for; a missing one is told"
    case givesOneByOne = "Jobs are given one at a time, and what their taker throws comes back"

    /// - Parameter open: opens the same store; only one is open at a time.
    func check<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        switch self {
        case .keepsIdentity: try Self.identity(open)
        case .isWhole: try Self.whole(open)
        case .keepsJobs: try Self.jobs(open)
        case .keepsTasks: try Self.tasks(open)
        case .keepsConversations: try Self.conversations(open)
        case .finishes: try Self.finish(open)
        case .reopens: try Self.reopen(open)
        case .switches: try Self.switchesAndHolds(open)
        case .budgets: try Self.budgets(open)
        case .prunes: try Self.prune(open)
        case .givesPrompts: try Self.prompts(open)
        case .givesOneByOne: try Self.oneByOne(open)
        }
    }

    /// Commits each batch, and gives what the store knows before and after it is opened anew, which must agree.
    static func state<Store: CoordinatorStoring>(
        _ open: () throws -> Store, after batches: [DurableRecord]...
    ) throws -> RecoveredState {
        var store: Store? = try open()
        for batch in batches { try store?.commit(batch) }
        let before = try #require(try store?.recover())
        store = nil
        let after = try open().recover()
        #expect(facts(before) == facts(after))
        return after
    }

    static func facts(_ state: RecoveredState) -> [String] {
        let agents = state.frame.agents.map { "\($0)" }.sorted()
        var frame = state.frame
        frame.agents = [:]
        return ["\(frame)"] + agents + state.jobs.map { "\($0)" }
    }

    private static func identity<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        var store: Store? = try open()
        let (id, term) = (store?.storeID, store?.term)
        store = nil
        store = try open()
        #expect(store?.storeID == id && (store?.term ?? 0) > (term ?? 0))
        #expect(try (store?.freeBytes() ?? 0) > 0)
    }

    private static func whole<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let store = try open()
        try store.commit(opened([TaskSpec(prompt: .text("a"))]))
        // Its last record opens job 1 a second time.
        #expect(throws: (any Error).self) {
            try store.commit(opened([TaskSpec(prompt: .text("b"))], job: JobID(rawValue: 2), sequence: 2) + opened([]))
        }
        #expect(try store.recover().jobs.map(\.id) == [jobOne])
        try store.commit([])
        try store.commit(opened([TaskSpec(prompt: .text("b"))], job: JobID(rawValue: 2), sequence: 2))
        #expect(try store.recover().jobs.count == 2)
    }

    private static func prompts<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let store = try open()
        let prompts: [Content] = [
            .text(""), .text("☃ \0 '"), .blob(BlobRef(sha256: Array(0..<32), size: 70_000)),
            .text(String(repeating: "é", count: 30_000)),
        ]
        try store.commit(opened(prompts.map { TaskSpec(prompt: $0) }))
        let ids = [3, 0, 2, 1, 0].map { TaskID(job: jobOne, index: $0) }
        #expect(try store.prompts(ids) == ids.map { prompts[Int($0.index)] })
        #expect(throws: (any Error).self) { try store.prompts([TaskID(job: jobOne, index: 4)]) }
    }

    private static func oneByOne<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let store = try open()
        for job in 1...3 as ClosedRange<UInt32> {
            try store.commit(opened([TaskSpec(prompt: .text("p"))], job: JobID(rawValue: job), sequence: UInt64(job)))
        }
        var seen: [UInt32] = []
        #expect(throws: Enough.self) {
            try store.recoverJobs { job in
                seen.append(job.id.rawValue)
                if seen.count == 2 { throw Enough() }
            }
        }
        #expect(seen == [1, 2])
        #expect(try store.recover().jobs.count == 3)
    }
}

@Suite("SQLiteStore conforms")
struct SQLiteConformanceTests {
    @Test("It does what any store must", arguments: StoreBehaviour.allCases)
    func behaviour(_ behaviour: StoreBehaviour) throws {
        let scratch = try ScratchDirectory()
        try behaviour.check { try SQLiteStore.open(directory: scratch.path, newStoreID: 42) }
    }
}
