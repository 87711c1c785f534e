import Foundation
import Testing

@testable import ServiceSims

@Suite("The referee's figures", .timeLimit(.minutes(1)))
struct RecordTests {
    @Test("held calls are open at once, and released together")
    func held() async throws {
        try await withSim { sim, client in
            sim.hold()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 { group.addTask { try await client.call("held \(number)").status } }
                let full = try await sim.waitUntil { $0.openNow >= 6 }
                #expect(full.openNow == 6 && full.ok == 0)
                #expect(sim.prompts().allSatisfy { $0.open == 1 && $0.answered == 0 })
                sim.release()
                for try await status in group { #expect(status == 200) }
            }
            let stats = sim.stats()
            #expect(stats.peakOpen == 6 && stats.openNow == 0 && stats.ok == 6)
            #expect(stats.perSecond.map(\.calls).reduce(0, +) == 6)
        }
    }

    @Test("prompts are counted as they arrive and as they are answered")
    func prompts() async throws {
        try await withSim { sim, client in
            _ = try await client.call("once NONCE-1")
            for _ in 0..<2 { _ = try await client.call("twice NONCE-2 [[status-once: 529]]") }
            _ = try await client.call(messages: [
                ["role": "user", "content": "once NONCE-1"],
                ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "Bash", "input": [:]]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": "out"]]],
            ])
            let prompts = sim.prompts()
            #expect(prompts.map(\.arrived) == [1, 2])
            #expect(prompts.map(\.answered) == [1, 1])
            #expect(prompts.map(\.nonces) == [["NONCE-1"], ["NONCE-2"]])
            let asked = try await client.send(.get, "/_prompts?nonce=NONCE-2").json()
            #expect(asked.array?.count == 1)
            #expect(asked.array?.first?["arrived"] == 2)
        }
    }

    @Test("a caller that leaves is noticed and counted", arguments: ["[[sleep: 600000]]", "[[silent: 600000]]"])
    func abandoned(prompt: String) async throws {
        try await withSim { sim, client in
            try await client.leaveBehind(prompt) { try await sim.waitUntil { $0.openNow == 1 } }
            let stats = try await sim.waitUntil { $0.openNow == 0 }
            #expect(stats.abandoned == 1 && stats.ok == 0)
        }
    }

    @Test("words of a kind in the bodies: none, one, several")
    func mentions() async throws {
        try await withSim { _, client in
            for prompt in ["nothing", "NONCE-x1 and NONCE-x1", "NONCE-x1, NONCE-x2", "NONCE-y"] {
                _ = try await client.call(prompt)
            }
            let answer = try await client.send(.get, "/_mentions?prefix=NONCE-x").json()
            #expect(answer["kept"] == 4 && answer["total"] == 4 && answer["cut"] == 0)
            #expect(answer["without"] == 2 && answer["with_one"] == 1 && answer["with_several"] == 1)
            #expect(answer["words"] == 2 && answer["mixed"] == [["NONCE-x1", "NONCE-x2"]])
        }
    }

    @Test("bodies, sessions, reset, over HTTP")
    func overHTTP() async throws {
        try await withSim { _, client in
            for session in ["a", "b", "a"] {
                _ = try await client.call("a \"quoted\" word", headers: ["x-claude-code-session-id": session])
            }
            #expect(try await client.stats().sessions == 2)
            let found = try await client.send(.get, "/_requests?contains=a%20%22quoted%22").json()
            #expect(found == ["count": 3, "kept": 3, "total": 3])
            _ = try await client.send(.post, "/_hold")
            #expect(try await client.stats().held)
            _ = try await client.send(.post, "/_reset")
            let stats = try await client.stats()
            #expect(stats.total == 0 && !stats.held && stats.sessions == 0)
            #expect(try await client.send(.get, "/_wait?open=1&timeout_ms=10").status == 504)
            #expect(try await client.send(.get, "/_wait?open=0").status == 200)
        }
    }

    @Test("the total is the sum of its parts")
    func sum() {
        var ledger = CallLedger()
        let outcomes: [CallLedger.Outcome] = [
            .answered, .error(status: 429), .error(status: 529), .error(status: 500), .error(status: 400), .cut,
            .abandoned,
        ]
        for outcome in outcomes {
            let call = ledger.arrived(.init(prompt: "p"), now: 0)
            ledger.ended(call, outcome)
            ledger.ended(call, .answered)
        }
        _ = ledger.arrived(.init(), now: 5_000_000_000)
        let stats = ledger.snapshot()
        #expect(stats.total == 8 && stats.ok == 1 && stats.openNow == 1)
        #expect(
            stats.ok + stats.status429 + stats.status529 + stats.status500 + stats.otherErrors + stats.cut
                + stats.abandoned + stats.openNow == stats.total)
        #expect(stats.perSecond == [.init(second: 0, calls: 7), .init(second: 5, calls: 1)])
        #expect(stats.firstCallMilliseconds == 0 && stats.lastCallMilliseconds == 5_000)
    }

    @Test("tables forget their oldest entry")
    func bounded() {
        var table = BoundedTable<Int, Int>(limit: 3)
        for key in 0..<100 { table.update(key, initial: 0) { $0 += key } }
        #expect(table.entries.map(\.key) == [97, 98, 99])
        #expect(table.forgotten == 97 && table[96] == nil && table[97] == 97)
    }
}
