import ClusterModel
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AgentOutbox

private func entry(_ number: Int, size: Int = 10) -> OutboxEntry {
    OutboxEntry(
        token: AttemptToken(
            store: StoreID(rawValue: .max - 3), task: TaskID(job: JobID(rawValue: .max), index: UInt32(number)),
            attempt: 2),
        bytes: Array(repeating: UInt8(truncatingIfNeeded: number), count: size))
}

/// A directory that goes away with it.
private final class Scratch: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("outbox-\(UUID().uuidString)").path
    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("\(path) was left behind: \(error)") }
    }
}

/// What an outbox told, and a way to wait for the next of it.
private final class Told: Sendable {
    let all = Mutex<[String?]>([])
    let (stream, continuation) = AsyncStream.makeStream(of: String?.self)
    func tell(_ reason: String?) {
        all.withLock { $0.append(reason) }
        continuation.yield(reason)
    }
}

extension AgentOutbox {
    fileprivate func appendAndWait(_ entries: [OutboxEntry]) async {
        await withCheckedContinuation { continuation in append(entries) { continuation.resume() } }
    }
}

@Suite("The agent's outbox", .timeLimit(.minutes(1)))
struct AgentOutboxTests {
    @Test("What was told durable is there after the process was killed, in order, and so is the agent's id")
    func survivesKill() async throws {
        let scratch = Scratch()
        let outbox = try AgentOutbox(in: StateDirectory(scratch.path)) { _ in }
        await outbox.appendAndWait((0..<3000).map { entry($0) })
        // The files as a killed process leaves them: taken while the outbox is open.
        let left = Scratch()
        try FileManager.default.copyItem(atPath: scratch.path, toPath: left.path)
        let second = try AgentOutbox(in: StateDirectory(left.path)) { _ in }
        #expect(try second.pending() == (0..<3000).map { entry($0) })
        #expect(second.agentID == outbox.agentID)
        #expect(second.agentID.rawValue != 0)
        await outbox.close()
        await second.close()
    }

    @Test("An acknowledged result is gone, an unknown one is no error, a repeated one is held once")
    func acknowledged() async throws {
        let scratch = Scratch()
        let directory = try StateDirectory(scratch.path)
        let outbox = try AgentOutbox(in: directory) { _ in }
        await outbox.appendAndWait([entry(1), entry(2), entry(3)])
        await outbox.appendAndWait([entry(3)])
        #expect(outbox.count == 3)
        outbox.acknowledged([entry(2).token, entry(9).token])
        #expect(outbox.count == 2)
        await outbox.close()
        let again = try AgentOutbox(in: directory) { _ in }
        #expect(try again.pending() == [entry(1), entry(3)])
        #expect(again.count == 2)
        await again.close()
    }

    @Test("What is acknowledged one by one, across batches and in any order is gone from the disk, and nothing else is")
    func acknowledgedInPart() async throws {
        let scratch = Scratch()
        let directory = try StateDirectory(scratch.path)
        let outbox = try AgentOutbox(in: directory) { _ in }
        await outbox.appendAndWait((0..<1000).map { entry($0) })
        var kept = Set(0..<1000)
        var seed: UInt64 = 42
        for round in 0..<60 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let first = Int(seed >> 33) % 1000
            let gone = round % 3 == 0 ? [first] : Array(first..<min(1000, first + 40))
            outbox.acknowledged(gone.map { entry($0).token })
            kept.subtract(gone)
            // What is durable by now is what is on disk, whole rows and parts of rows.
            await outbox.appendAndWait([entry(5000 + round)])
            let expected = kept.sorted().map { entry($0) } + (0...round).map { entry(5000 + $0) }
            #expect(try outbox.pending() == expected)
            #expect(outbox.count == expected.count)
        }
        await outbox.close()
        let again = try AgentOutbox(in: directory) { _ in }
        #expect(again.count == kept.count + 60)
        again.acknowledged(try again.pending().map(\.token))
        await again.close()
        #expect(try AgentOutbox(in: directory) { _ in }.pending().isEmpty)
    }

    @Test("What is acknowledged before it was written is never written, and its end is told all the same")
    func givenUp() async throws {
        let scratch = Scratch()
        let outbox = try AgentOutbox(in: StateDirectory(scratch.path)) { _ in }
        for round in 0..<50 {
            await withCheckedContinuation { continuation in
                outbox.append((0..<300).map { entry(round * 300 + $0) }) { continuation.resume() }
                outbox.acknowledged((0..<300).map { entry(round * 300 + $0).token })
            }
        }
        #expect(outbox.count == 0)
        await outbox.appendAndWait([entry(1)])
        #expect(try outbox.pending() == [entry(1)])
        await outbox.close()
    }

    @Test("Batches keep order and content, whatever the sizes", arguments: [0, 1, 127, 128, 129, 1000])
    func pieces(count: Int) throws {
        let entries = (0..<count).map { entry($0, size: $0 % 7 == 0 ? 30_000 : $0 % 3) }
        let pieces = OutboxBatch.pieces(of: entries)
        #expect(pieces.flatMap { $0 } == entries)
        #expect(pieces.allSatisfy { !$0.isEmpty && $0.count <= OutboxBatch.maximumEntries })
        for piece in pieces { #expect(OutboxBatch.unpack(OutboxBatch.pack(piece)) == piece) }
        #expect(count == 0 || OutboxBatch.unpack(OutboxBatch.pack(entries).dropLast(1) + []) != entries)
    }

    @Test("A file with a row for each result, as version 1 wrote it, is taken over with its results and its agent's id")
    func versionOne() async throws {
        let scratch = Scratch()
        let directory = try StateDirectory(scratch.path)
        let queue = try DatabaseQueue(path: directory.outboxFile)
        try await queue.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE result (
                        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                        store INTEGER NOT NULL, task INTEGER NOT NULL, attempt INTEGER NOT NULL,
                        bytes BLOB NOT NULL,
                        UNIQUE (store, task, attempt));
                    CREATE TABLE agent (id INTEGER NOT NULL);
                    INSERT INTO agent (id) VALUES (-77);
                    PRAGMA user_version = 1;
                    """)
            for number in 0..<200 {
                let entry = entry(number)
                try db.execute(
                    sql: "INSERT INTO result (store, task, attempt, bytes) VALUES (?, ?, ?, ?)",
                    arguments: [
                        Int64(bitPattern: entry.token.store.rawValue), Int64(bitPattern: entry.token.task.packed),
                        Int64(entry.token.attempt), Data(entry.bytes),
                    ])
            }
        }
        try queue.close()
        for _ in 0..<2 {
            let outbox = try AgentOutbox(in: directory) { _ in }
            #expect(try outbox.pending() == (0..<200).map { entry($0) })
            #expect(outbox.agentID.rawValue == UInt64(bitPattern: -77))
            await outbox.close()
        }
    }

    @Test("Close writes what was appended just before")
    func closeWrites() async throws {
        let scratch = Scratch()
        let directory = try StateDirectory(scratch.path)
        let outbox = try AgentOutbox(in: directory) { _ in }
        outbox.append([entry(1)]) {}
        await outbox.close()
        await outbox.close()
        let again = try AgentOutbox(in: directory) { _ in }
        #expect(try again.pending() == [entry(1)])
        await again.close()
    }

    @Test("A full outbox says so once, and again when it is not")
    func full() async throws {
        let scratch = Scratch()
        let told = Told()
        let outbox = try AgentOutbox(
            in: StateDirectory(scratch.path), limits: OutboxLimits(entries: 2, bytes: 1000), onHoldChanged: told.tell)
        await outbox.appendAndWait([entry(1)])
        #expect(outbox.heldBecause == nil)
        await outbox.appendAndWait([entry(2)])
        await outbox.appendAndWait([entry(3)])
        #expect(outbox.heldBecause?.contains("limit 2") == true)
        outbox.acknowledged([entry(1).token, entry(2).token])
        #expect(outbox.heldBecause == nil)
        await outbox.appendAndWait([entry(4, size: 1000)])
        #expect(outbox.heldBecause?.contains("limit 2") == true)
        outbox.acknowledged([entry(3).token])
        #expect(outbox.heldBecause?.contains("limit 1000") == true)
        let all = told.all.withLock { $0 }
        #expect(all.count == 3)
        #expect(all[1] == nil)
        await outbox.close()
    }

    @Test("A full disk is told, nothing is lost, and what waited is durable when there is room again")
    func fullDisk() async throws {
        let scratch = Scratch()
        let told = Told()
        let outbox = try AgentOutbox(
            in: StateDirectory(scratch.path), limits: .standard, pageLimit: 30, onHoldChanged: told.tell)
        await outbox.appendAndWait([entry(1, size: 50_000)])
        async let second: Void = outbox.appendAndWait([entry(2, size: 80_000)])
        var news = told.stream.makeAsyncIterator()
        let trouble = try #require(await news.next())
        #expect(trouble?.contains("takes no results") == true)
        #expect(try outbox.pending() == [entry(1, size: 50_000)])
        outbox.acknowledged([entry(1).token])
        await second
        #expect(try outbox.pending() == [entry(2, size: 80_000)])
        #expect(await news.next() == .some(nil))
        await outbox.close()
    }

    @Test("A directory is held by one agent at a time")
    func lock() throws {
        let scratch = Scratch()
        do {
            let first = try StateDirectory(scratch.path)
            let error = #expect(throws: OutboxError.self) { try StateDirectory(scratch.path) }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("--state-dir") == true)
            #expect(first.path == scratch.path)
        }
        let second = try StateDirectory(scratch.path)
        second.release()
        second.release()
        let third = try StateDirectory(scratch.path)
        #expect(third.path == second.path)
    }

    @Test("A file that is no outbox, and one of a newer version, are refused in words")
    func unreadable() async throws {
        let scratch = Scratch()
        let directory = try StateDirectory(scratch.path)
        try Data("not a database, but long enough to be looked at as if it were one".utf8).write(
            to: URL(fileURLWithPath: directory.outboxFile))
        let error = #expect(throws: OutboxError.self) { try AgentOutbox(in: directory) { _ in } }
        #expect(error?.code == .unreadable)
        #expect(error?.message.contains(directory.outboxFile) == true)
    }
}
