import ClusterModel
import Foundation
import Testing

@testable import ClaudeProcess

/// An instance over a stand-in that behaves well and badly.
@Suite(.timeLimit(.minutes(1)))
struct InstanceTests {
    private func started(_ scratch: Scratch, flag: String? = nil) async throws -> ClaudeInstance {
        let plan = try LaunchPlan.standIn(scratch.script("claude", StandIn.script), in: scratch)
        if let flag { try "".write(toFile: "\(plan.configDirectory)/\(flag)", atomically: true, encoding: .utf8) }
        return try await ClaudeInstance.start(plan, name: "test", timeLimit: .seconds(5), logger: testLogger)
    }

    private func result(_ ending: TurnEnding) throws -> TurnResult {
        guard case .result(let result) = ending else {
            Issue.record("no result: \(ending)")
            throw CancellationError()
        }
        return result
    }

    private func failure(_ ending: TurnEnding) throws -> InstanceFailure {
        guard case .broken(let failure) = ending else {
            Issue.record("not broken: \(ending)")
            throw CancellationError()
        }
        return failure
    }

    @Test("Started, it knows who it is; stopped by the end of its input, it leaves with 0")
    func startAndStop() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        #expect(instance.claudeVersion == "9.8.7")
        let claude = try #require(instance.claudePID)
        let guardian = try #require(instance.guardPID)
        #expect(isAlive(claude) && isAlive(guardian) && claude != guardian)
        let before = ContinuousClock.now
        let end = await instance.stop()
        #expect(end.exitCode == 0)
        #expect(ContinuousClock.now - before < .seconds(4))
        #expect(!isAlive(claude) && !isAlive(guardian))
        #expect(instance.guardPID == nil)
        #expect(try failure(await instance.runTurn("late")).code == .exited)
    }

    @Test("What is kept of a failure is of its own turn, never of the one before")
    func lastWords() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        let denied = try result(await instance.runTurn("noise"))
        #expect(denied.lastWords.contains("no JSON") && denied.lastWords.contains("permission_denials"))
        let broken = try failure(await instance.runTurn("leave"))
        #expect(broken.detail.contains("the last words") && !broken.detail.contains("no JSON"))
        let judged = Verdict.judge(.result(denied), schemaAsked: false, timedOut: false, cancelled: false)
        #expect(judged.failure?.detail == denied.lastWords)
    }

    @Test("A turn's result, in full; cost is a turn's own though the CLI counts on")
    func turns() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        let first = try result(await instance.runTurn("say \"hi\"\n/clear\u{2028}é"))
        #expect(first.resultText == "taken as text")
        let second = try result(await instance.runTurn("again"))
        #expect(second.subtype == "success" && !second.isError && second.terminalReason == "completed")
        #expect(second.structuredJSON == #"{ "n": 1.10,"s":"}\""}"#)
        #expect(second.sessionID == "s1" && instance.sessionID == "s1")
        #expect(second.numTurns == 2 && second.duration == 5 && second.durationAPI == 11)
        #expect(
            second.usage
                == Usage(inputTokens: 10, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4))
        #expect(second.permissionDenials == ["Bash"] && second.apiErrorStatus == nil && second.retries == 0)
        let third = try result(await instance.runTurn("and again"))
        #expect(third.costMicroUSD == 110_000 && third.durationAPI == 11)
        #expect(third.totalCostUSD > second.totalCostUSD)
        await instance.stop()
    }

    @Test("Clearing begins a new session, and the cost begins anew")
    func clear() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        _ = try result(await instance.runTurn("one"))
        #expect(try await instance.clear() == "s2")
        #expect(instance.sessionID == "s2")
        let next = try result(await instance.runTurn("two"))
        #expect(next.sessionID == "s2" && next.costMicroUSD == 110_000)
        #expect(try await instance.clear() == "s3")
        await instance.stop()
    }

    @Test("A clear that begins no new session is an error")
    func notCleared() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch, flag: "unclear")
        _ = try result(await instance.runTurn("one"))
        let failure = await #expect(throws: InstanceFailure.self) { try await instance.clear() }
        #expect(failure?.code == .notCleared)
        await instance.stop()
    }

    @Test("Over the control channel: changes, a refusal, an interrupt of a turn that hangs")
    func control() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        try await instance.setModel("claude-haiku-4-5")
        try await instance.setPermissionMode("plan")
        let refused = await #expect(throws: InstanceFailure.self) { try await instance.setModel("nonsense") }
        #expect(refused?.code == .refused)
        #expect(refused?.message.contains("no such model") == true)

        async let hanging = instance.runTurn("hang")
        #expect(await eventually(within: 5) { instance.sessionID != nil })
        let busy = try failure(await instance.runTurn("a second one"))
        #expect(busy.code == .misuse)
        #expect(await instance.interrupt())
        let interrupted = try result(await hanging)
        #expect(interrupted.subtype == "error_during_execution" && interrupted.terminalReason == "aborted_streaming")
        #expect(try result(await instance.runTurn("next")).resultText == "fine")
        await instance.stop()
    }

    @Test("A credential that is refused twice ends the turn; once may be a token that the CLI renews")
    func refusedCredential() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        #expect(try result(await instance.runTurn("renewed")).resultText == "renewed")
        let ending = await instance.runTurn("refused")
        #expect(try result(ending).apiErrorStatus == 401)
        let verdict = Verdict.judge(ending, schemaAsked: false, timedOut: false, cancelled: false)
        #expect(verdict.failure?.known == .auth && verdict.failure?.message.contains("401") == true)
        await instance.stop()
    }

    @Test("What does not concern it is skipped; what it is asked for is refused")
    func skipped() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        #expect(try result(await instance.runTurn("noise")).resultText == "quiet")
        #expect(instance.skippedLines == 1)
        #expect(try result(await instance.runTurn("stale")).resultText == "yours")
        #expect(instance.skippedLines == 2)
        #expect(try result(await instance.runTurn("ask")).resultText == "asked")
        let end = await instance.stop()
        #expect(end.standardErrorTail.contains("\"q7\"") && end.standardErrorTail.contains("\"error\""))
    }

    @Test("Retries that the CLI makes by itself are counted, for one turn")
    func retries() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        let retried = try result(await instance.runTurn("retry"))
        #expect(retried.retries == 2 && retried.lastRetryStatus == 429)
        let next = try result(await instance.runTurn("fine"))
        #expect(next.retries == 0 && next.lastRetryStatus == nil)
        await instance.stop()
    }

    @Test("Characters cut between two reads, and a separator that ends no line")
    func splitCharacters() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        #expect(try result(await instance.runTurn("split")).resultText == "café \u{2028}.")
        await instance.stop()
    }

    @Test("A line of 20 MB passes")
    func largeLine() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        #expect(try result(await instance.runTurn("large")).resultText == "after 20 MB")
        await instance.stop()
    }

    @Test(
        "What breaks an instance ends its turn, its process, and every turn to come",
        arguments: [
            ("garbage", InstanceFailure.Code.garbage, "begins like JSON"), ("endless", .lineTooLong, "33554432 bytes"),
            ("leave", .exited, "exit code 9: the last words"), ("mute", .closed, "closed its output"),
        ])
    func broken(prompt: String, code: InstanceFailure.Code, words: String) async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        let claude = try #require(instance.claudePID)
        let broken = try failure(await instance.runTurn(prompt))
        #expect(broken.code == code)
        #expect(broken.message.contains(words), "\(broken.message)")
        #expect(broken.detail.utf8.count <= Limits.failureDetailBytes)
        _ = await instance.ended
        #expect(!isAlive(claude))
        _ = try failure(await instance.runTurn("afterwards"))
    }

    @Test("Killed in mid-turn, it takes what it started along")
    func killed() async throws {
        let scratch = try Scratch()
        let instance = try await started(scratch)
        let claude = try #require(instance.claudePID)
        async let hanging = instance.runTurn("hang")
        #expect(await eventually(within: 5) { instance.sessionID != nil })
        let seen = instance.lastActivity
        instance.kill()
        #expect(try failure(await hanging).code == .exited)
        #expect(await instance.ended.exitCode == 137)
        #expect(!isAlive(claude))
        #expect(seen <= .now && seen > .now - .seconds(30))
    }

    @Test("A start that fails says why and leaves nothing")
    func failedStart() async throws {
        for (flag, limit, code, words) in [
            ("dies", Duration.seconds(30), InstanceFailure.Code.exited, "unknown option"),
            ("mute", .seconds(1), .timedOut, "did not answer"),
        ] {
            let scratch = try Scratch()
            var plan = try LaunchPlan.standIn(scratch.script("claude", StandIn.script), in: scratch)
            try "".write(toFile: "\(plan.configDirectory)/\(flag)", atomically: true, encoding: .utf8)
            let failure = await #expect(throws: InstanceFailure.self) {
                _ = try await ClaudeInstance.start(plan, name: "x", timeLimit: limit, logger: testLogger)
            }
            #expect(failure?.code == code)
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
            #expect(OrphanSweep.sweep(marker: plan.marker) == 0)

            plan.guardPath = "/does/not/exist"
            let launch = await #expect(throws: InstanceFailure.self) {
                _ = try await ClaudeInstance.start(plan, name: "x", logger: testLogger)
            }
            #expect(launch?.code == .launch)
        }
    }
}
