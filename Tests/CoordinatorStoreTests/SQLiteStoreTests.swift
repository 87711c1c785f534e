import ClusterModel
import Foundation
import GRDB
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

@Suite("SQLiteStore")
struct SQLiteStoreTests {
    let scratch: ScratchDirectory
    init() throws { scratch = try ScratchDirectory() }

    private func open() throws -> SQLiteStore { try SQLiteStore.open(directory: scratch.path, newStoreID: 42) }

    private func error(_ body: () throws -> Void) -> StoreError? {
        do { try body() } catch { return error as? StoreError }
        return nil
    }

    @Test("A transaction is there whole or not at all")
    func atomic() throws {
        let store = try open()
        try store.commit(opened([TaskSpec(prompt: .text("a"))]))
        let trouble = error {
            try store.commit(opened([TaskSpec(prompt: .text("b"))], job: JobID(rawValue: 2), sequence: 2) + opened([]))
        }
        #expect(trouble?.code == .broken && trouble?.description.contains("coordinator.sqlite") == true)
        #expect(try store.recover().jobs.map(\.id) == [jobOne])
        try store.commit(opened([TaskSpec(prompt: .text("b"))], job: JobID(rawValue: 2), sequence: 2))
        #expect(try store.recover().jobs.count == 2)
    }

    @Test("A second coordinator is refused in words until the first is gone")
    func inUse() throws {
        var first: SQLiteStore? = try open()
        let trouble = error { _ = try open() }
        #expect(trouble?.code == .inUse && trouble?.description.contains(scratch.path) == true)
        #expect(trouble?.description.contains("--data-dir") == true)
        #expect(first?.term == 1)
        try first?.close()
        first = nil
        #expect(try open().term == 2)
    }

    @Test("A file of a newer version is refused, and left as it is")
    func newer() throws {
        do {
            let store = try open()
            try store.commit(opened([]))
            try store.pool.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
            try store.close()
        }
        let trouble = error { _ = try open() }
        #expect(trouble?.code == .tooNew && trouble?.description.contains("newer") == true)
        let file = try DatabaseQueue(path: scratch.path + "/coordinator.sqlite")
        #expect(try file.read { db in try Int.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'term'") } == 1)
        #expect(try file.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM jobs") } == 1)
    }

    @Test("What is no store is refused")
    func garbage() throws {
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: scratch.path + "/coordinator.sqlite"))
        #expect(error { _ = try open() }?.code == .broken)
    }

    @Test("Only its user may read it; every write waits for the disk")
    func guarded() throws {
        let store = try open()
        let mode = try FileManager.default.attributesOfItem(atPath: store.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try store.pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") } == 2)
        #expect(try store.pool.read { db in try String.fetchOne(db, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try store.freeBytes() > 0)
    }

    @Test("Prompts come in the order asked for, text or blob; a missing one is told")
    func prompts() throws {
        let store = try open()
        let blob = Content.blob(BlobRef(sha256: (0..<32).map { UInt8($0 * 8) }, size: 70_000))
        let odd = Content.text("☃ \u{2028} \0 e\u{301} 🏳️‍🌈 ' \" ; --")
        try store.commit(
            opened([TaskSpec(prompt: blob), TaskSpec(prompt: odd, name: "n\0m"), TaskSpec(prompt: .text("c"))]))
        let ids = [1, 0, 1, 2].map { TaskID(job: jobOne, index: $0) }
        #expect(try store.prompts(ids) == [odd, blob, odd, .text("c")])
        let listed = try store.tasks(of: jobOne, from: 1, limit: 1)
        #expect(listed.first?.name == "n\0m" && listed.first.map { .text($0.promptStart) } == odd)
        #expect(error { _ = try store.prompts([TaskID(job: jobOne, index: 3)]) }?.description.contains("1.3") == true)
    }

    @Test("Results come back as they were written: text, unicode, blobs, failures")
    func results() throws {
        let store = try open()
        let blob = Content.blob(BlobRef(sha256: Array(repeating: 255, count: 32), size: 1 << 26))
        let tasks = (0..<4).map {
            TaskSpec(prompt: .text("prompt \($0)"), name: "n\($0)", input: $0 == 1 ? "line ☃" : "")
        }
        try store.commit(opened(tasks) + [.agentSeen(AgentID(rawValue: .max), name: "höst", host: "h")])
        let failure = TaskFailure(className: "of tomorrow", message: "went\0 wröng", detail: "last\0 words 🏳️‍🌈")
        try store.commit([
            ended(result(3, .failed, failure: failure)),
            ended(result(0, answer: .text("a\0b"), structured: .text("{\"a\":\"☃\"}"))),
            ended(result(1, answer: blob, structured: blob)),
            .taskEnded(
                EndedTask(
                    task: TaskID(job: jobOne, index: 2), state: .cancelled, attempt: 0, agent: nil, result: nil,
                    failure: TaskFailure(.cancelled, "by the user"), at: noon)),
        ])
        let (page, more) = try store.results(of: jobOne, from: 0, limit: 10, bytes: 1_000_000)
        #expect(!more && page.map(\.task.index) == [0, 1, 2, 3])
        #expect(
            page[0].answer == .text("a\0b") && page[0].structured == .text("{\"a\":\"☃\"}") && page[0].failure == nil)
        #expect(page[1].answer == blob && page[1].structured == blob && page[1].input == .text("line ☃"))
        #expect(page[2].startedAt == nil && page[2].agent == "" && page[2].failure?.known == .cancelled)
        #expect(
            page[3].failure == failure && page[3].agent == "höst" && page[3].instance == "i-1"
                && page[3].sessionID == "session")
        #expect(
            page[3].usage.total == 10 && page[3].costMicroUSD == 5 && page[3].startedAt == noon
                && page[3].input == .text("prompt 3"))
    }

    @Test("Pages end by rows and by bytes, with one result at least")
    func paging() throws {
        let store = try open()
        let size = 10_000
        try store.commit(opened((0..<7).map { TaskSpec(prompt: .text("\($0)")) }))
        try store.commit(
            (0..<7).filter { $0 != 2 }.map { ended(result($0, answer: .text(String(repeating: "x", count: size)))) })
        func indexes(_ from: UInt32, _ limit: Int, _ bytes: Int) throws -> ([UInt32], Bool) {
            let page = try store.results(of: jobOne, from: from, limit: limit, bytes: bytes)
            return (page.results.map(\.task.index), page.more)
        }
        #expect(try indexes(0, 3, 1_000_000) == ([0, 1, 3], true))
        #expect(try indexes(4, 3, 1_000_000) == ([4, 5, 6], false))
        #expect(try indexes(0, 10, 1) == ([0], true))
        #expect(try indexes(1, 10, 2 * (size + 400)) == ([1, 3], true))
        #expect(try indexes(6, 10, 1) == ([6], false))
        #expect(try indexes(7, 10, 1) == ([], false))
        #expect(try store.results(of: JobID(rawValue: .max), from: .max, limit: 1, bytes: 1).results.isEmpty)
        #expect(try store.tasks(of: JobID(rawValue: .max), from: 0, limit: 1).isEmpty)
        #expect(try store.tasks(of: jobOne, from: 1, limit: 2).map(\.index) == [1, 2])
    }

    private func setAside(_ result: AttemptResult, _ reason: SetAsideReason = .stale) -> DurableRecord {
        .resultSetAside(result, agent: AgentID(rawValue: 1), reason: reason, at: noon)
    }

    private func kept(_ store: SQLiteStore) throws -> [String] {
        try store.pool.read { db in
            try Row.fetchAll(db, sql: "SELECT store, task & 4294967295 AS i, attempt FROM set_aside ORDER BY n").map {
                "\($0[0] as Int64) \($0[1] as Int64)#\($0[2] as Int64)"
            }
        }
    }

    @Test("A result that is here already is not set aside; one that only resembles it is")
    func setAside() throws {
        let store = try open()
        try store.commit(opened((0..<3).map { TaskSpec(prompt: .text("\($0)")) }))
        try store.commit([
            ended(result(0)),
            failed(1, attempt: 1, row: 1, givenUp: false), failed(1, attempt: 2, row: 2, givenUp: true),
            // Ended while attempt 4 was given up: that attempt never reported.
            .taskEnded(
                EndedTask(
                    task: TaskID(job: jobOne, index: 2), state: .cancelled, attempt: 4, agent: nil, result: nil,
                    failure: nil, at: noon)),
        ])
        try store.commit([setAside(result(0)), setAside(result(1)), setAside(result(1, attempt: 1))])
        #expect(try kept(store) == [])
        let other: UInt64 = 43
        try store.commit([
            setAside(result(0, attempt: 2)), setAside(result(0, attempt: 2)), setAside(result(1, attempt: 2)),
            setAside(result(2, attempt: 4)),
            // Another store numbers its tasks alike.
            setAside(result(0, store: other), .otherStore), setAside(result(1, store: other), .otherStore),
            setAside(result(0, store: other), .otherStore),
        ])
        #expect(try kept(store) == ["42 0#2", "42 1#2", "42 2#4", "43 0#1", "43 1#1"])
    }

    @Test("Results set aside have a limit: the oldest go first")
    func setAsideLimit() throws {
        let store = try open()
        let extra = 5
        try store.commit((0..<UInt32(SQLiteStore.setAsideAtMost + extra)).map { setAside(result($0)) })
        let rows = try kept(store)
        #expect(rows.count == SQLiteStore.setAsideAtMost && rows.first == "42 \(extra)#1")
    }

    @Test("Attempts are taken up in the order they ended, whatever the calendar said")
    func order() throws {
        let store = try open()
        try store.commit(opened([TaskSpec(prompt: .text("a"))]))
        try store.commit([
            failed(0, attempt: 1, row: 1, givenUp: true, at: 900),
            failed(0, attempt: 1, row: 4, givenUp: true, at: 800),
            failed(0, attempt: 1, row: 0, givenUp: false, at: 100, failures: 1),
        ])
        let task = try #require(try store.recover().jobs.first?.tasks.first)
        #expect(
            task.attempt == 1 && !task.givenUp && task.failures == 1 && task.retryAt?.milliseconds == 100
                && task.closedRow == 4)
        #expect(try store.recover().frame.nextRow == 5)
    }
}
