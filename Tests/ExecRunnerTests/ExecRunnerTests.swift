import ClusterModel
import Foundation
import Glibc
import GuardedProcess
import Testing

@testable import ExecRunner

@Suite("Commands under their guard", .timeLimit(.minutes(2)))
struct ExecRunnerTests {
    @Test("Its output is the answer; without a prompt for it, standard input is empty")
    func output() async throws {
        let bench = try Bench()
        let echo = try await bench.run(["echo", "a  b", "$HOME", "*"])
        #expect(echo.state == .succeeded)
        #expect(echo.answer == "a  b $HOME *\n")
        #expect(echo.failure == nil)
        #expect(try await bench.run(["cat"], prompt: "not for it").answer == "")
        #expect(try await bench.run(["/bin/sh", "-c", "printf '\\377ok'"]).answer == "\u{FFFD}ok")
        #expect(try await bench.run(["pwd"]).answer == bench.path + "\n")
    }

    @Test(
        "{line} is one argument, whatever is in it",
        arguments: ["two words", "'\"\\", "a\nb\n", "grüße 👋🏽 ｅ", "; echo no", "$(echo no)", "{line}", "-n", ""])
    func line(prompt: String) async throws {
        let bench = try Bench()
        let end = try await bench.run(
            ["/bin/sh", "-c", "printf '%s|' \"$@\"; echo $#", "sh", "<{line}{line}>", "{line}", "{lin"], prompt: prompt)
        #expect(end.answer == "<\(prompt)\(prompt)>|\(prompt)|{lin|3\n")
    }

    @Test("The prompt goes to standard input whole, and then its end")
    func standardInput() async throws {
        let bench = try Bench()
        let prompt = String(repeating: "0123456789abcdeü\n", count: 60_000)
        let end = try await bench.run(["cat"], prompt: prompt, standardInput: true, outputBytes: 4 << 20)
        #expect(end.answer == prompt)
        #expect(
            try await bench.run(["true"], prompt: prompt, standardInput: true).state == .succeeded, "it reads nothing")
    }

    @Test("The environment is clean and holds what was given")
    func environment() async throws {
        let bench = try Bench()
        let end = try await bench.run(["env"], environment: ["A=1", "B=x=y z", "A=2", "EMPTY="])
        let lines = Set(try #require(end.answer).split(separator: "\n").map(String.init))
        #expect(
            lines == [
                "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=\(bench.path)", "TMPDIR=\(bench.path)", "CCO_TASK=3.14",
                "CCO_ATTEMPT=2", "A=2", "B=x=y z", "EMPTY=",
            ])
    }

    @Test(
        "Another exit code than 0 fails in words and may be tried again; what it wrote is kept",
        arguments: [1, 3, 137, 255])
    func exitCodes(code: Int) async throws {
        let bench = try Bench()
        let end = try await bench.run(["/bin/sh", "-c", "echo out; echo err >&2; exit \(code)"])
        #expect(end.state == .failed)
        #expect(end.failure?.known == .transient)
        #expect(end.failure?.message == "the command ended with exit code \(code)")
        #expect(end.failure?.detail == "out\nerr\n")
        #expect(end.answer == nil)
    }

    @Test("An end by a signal is a crash")
    func signals() async throws {
        let end = try await Bench().run(["/bin/sh", "-c", "echo last words >&2; kill -SEGV $$"])
        #expect(end.failure?.known == .crash)
        #expect(end.failure?.message.contains("signal 11") == true)
        #expect(end.failure?.detail == "last words\n")
    }

    @Test("A program that is not there, or can't be executed, is told and not tried again")
    func missing() async throws {
        let bench = try Bench()
        let none = #expect(throws: ExecRefusal.self) {
            try bench.process(TaskOptions(command: ["no-such-program"]))
        }
        #expect(none?.description.contains("no-such-program") == true)
        let gone = try await bench.run([bench.path + "/gone"])
        #expect(gone.failure?.known == .permanent)
        #expect(gone.failure?.message.contains("No such file") == true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: bench.path + "/plain"))
        let plain = try await bench.run([bench.path + "/plain"])
        #expect(plain.failure?.known == .permanent)
        #expect(plain.failure?.message.contains("Permission denied") == true)
    }

    @Test("What can't be an argument is refused in words")
    func arguments() throws {
        let bench = try Bench()
        for (prompt, word) in [
            ("a\0b", "NUL"), (String(repeating: "x", count: ExecLimits.argumentBytes), "standard input"),
        ] {
            let refusal = #expect(throws: ExecRefusal.self) {
                try bench.process(TaskOptions(command: ["echo", "{line}"]), prompt: prompt)
            }
            #expect(refusal?.description.contains(word) == true)
        }
        #expect(throws: ExecRefusal.self) { try bench.process(TaskOptions(command: [])) }
    }

    @Test("The first bytes are kept, exactly as many as allowed, and the cut is told")
    func cut() async throws {
        let bench = try Bench()
        let exact = try await bench.run(["printf", "0123456789"], outputBytes: 10)
        #expect(exact.answer == "0123456789")
        let over = try await bench.run(["printf", "0123456789a"], outputBytes: 10)
        #expect(over.state == .succeeded)
        #expect(over.answer == "0123456789\n[output cut at 10 bytes]")
        let torn = try await bench.run(["printf", "ab\u{20AC}"], outputBytes: 4)
        #expect(torn.answer == "ab\n[output cut at 4 bytes]")
        let much = try await bench.run(["head", "-c", "30000000", "/dev/zero"], outputBytes: 100)
        #expect(much.state == .succeeded, "what is not kept is read on")
        let failed = try await bench.run(["/bin/sh", "-c", "printf 0123456789a; exit 1"], outputBytes: 10)
        #expect(failed.failure?.detail.contains("[output cut at 10 bytes]") == true)
    }

    @Test("The end of standard error is kept, 64 KiB at the most")
    func errors() async throws {
        let end = try await Bench().run([
            "/bin/sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x >&2; printf the-end >&2; exit 1",
        ])
        let detail = try #require(end.failure?.detail)
        #expect(detail.utf8.count <= Limits.failureDetailBytes)
        #expect(detail.utf8.count > 60_000)
        #expect(detail.hasSuffix("the-end"))
    }

    @Test("A timeout ends the whole tree, sessions of their own and all", arguments: [false, true])
    func timeout(deaf: Bool) async throws {
        let bench = try Bench()
        let trap = deaf ? "trap '' TERM; " : ""
        let script =
            trap
            + "sh -c 'echo $$ >> pids; exec sleep 1000' & setsid sh -c 'echo $$ >> pids; exec sleep 1000' & echo $$ >> pids; echo begun; wait; wait"
        let end = try await bench.run(["/bin/sh", "-c", script], timeout: 1500, grace: 200)
        #expect(end.state == .failed)
        #expect(end.failure?.known == .timeout)
        #expect(end.failure?.message.contains("1500 ms") == true)
        #expect(end.failure?.detail == "begun\n")
        #expect(bench.pids.count == 3)
        #expect(await eventually { bench.pids.allSatisfy { !isAlive($0) } })
    }

    @Test("A cancelled command ends with all that it started, and so does one that was cancelled before it began")
    func cancel() async throws {
        let bench = try Bench()
        let process = try bench.process(
            TaskOptions(command: ["/bin/sh", "-c", "sh -c 'echo $$ >> pids; exec sleep 1000' & echo $$ >> pids; wait"]))
        async let running = process.run()
        #expect(await eventually { bench.pids.count == 2 })
        process.terminate()
        let end = Ended(await running)
        #expect(end.state == .cancelled)
        #expect(end.failure?.known == .cancelled)
        #expect(bench.pids.allSatisfy { !isAlive($0) })
        let early = try bench.process(TaskOptions(command: ["sleep", "1000"]))
        early.terminate()
        #expect(Ended(await early.run()).state == .cancelled)
    }

    @Test("What a command leaves behind when it succeeds is ended too")
    func leftBehind() async throws {
        let bench = try Bench()
        let end = try await bench.run(["/bin/sh", "-c", "setsid sleep 1000 & echo $! > pids; echo done"])
        #expect(end.answer == "done\n")
        #expect(bench.pids.allSatisfy { !isAlive($0) })
    }

    @Test("A guard that is not there fails in words")
    func noGuard() async throws {
        let bench = try Bench()
        var plan = try bench.process(TaskOptions(command: ["true"])).plan
        plan.launch.guardPath = bench.path + "/none"
        let end = Ended(await ExecProcess(plan).run())
        #expect(end.failure?.known == .crash)
        #expect(end.failure?.message.contains("cc-guard at") == true)
    }

    @Test("One guard runs one command after the other, and is replaced when it was killed")
    func standing() async throws {
        let bench = try Bench()
        let place = ExecPlace(name: "test")
        defer { place.close() }
        func guardian() async throws -> Int32 {
            let end = try await bench.run(["/bin/sh", "-c", "echo $PPID; exit 0"], in: place)
            let answer = try #require(end.answer)
            return try #require(Int32(answer.dropLast()))
        }
        let first = try await guardian()
        #expect(try await bench.run([bench.path + "/gone"], in: place).failure?.known == .permanent)
        #expect(try await bench.run(["/bin/sh", "-c", "sleep 1000 & exit 3"], in: place).failure?.known == .transient)
        #expect(try await guardian() == first)
        #expect(kill(first, SIGKILL) == 0)
        #expect(await eventually { hasEnded(first) })
        #expect(try await guardian() != first)
        let killed = try await bench.run(["/bin/sh", "-c", "kill -KILL $PPID; sleep 1000"], in: place)
        #expect(killed.failure?.known == .crash)
        #expect(killed.failure?.message.contains("without a word") == true)
        #expect(try await guardian() != first)
    }

    @Test("A word that comes when the command has ended is not the next one's")
    func lateWord() async throws {
        let bench = try Bench()
        let place = ExecPlace(name: "test")
        defer { place.close() }
        for _ in 0..<20 {
            let process = try bench.process(TaskOptions(command: ["true"]))
            async let ended = process.run(in: place)
            process.terminate()
            _ = await ended
            process.kill()
            #expect(try await bench.run(["echo", "whole"], in: place).answer == "whole\n")
        }
    }

    @Test("A directory that is not there is told")
    func noDirectory() async throws {
        let bench = try Bench()
        var plan = try bench.process(TaskOptions(command: ["true"])).plan
        plan.directory = bench.path + "/none"
        let end = Ended(await ExecProcess(plan).run())
        #expect(end.failure?.known == .crash)
        #expect(
            end.failure?.message == "the command's directory cannot be entered on this agent: No such file or directory"
        )
    }

    @Test("A guard's line is read")
    func report() {
        #expect(GuardReport(line: "exit 0\n") == .exited(0))
        #expect(GuardReport(line: "signal 9\n") == .signalled(9))
        #expect(GuardReport(line: "cannot-run No such file\n") == .cannotRun("No such file"))
        #expect(GuardReport(line: "stuck -\n") == .stuck)
        #expect(GuardReport(line: "exit 0") == nil)
        #expect(GuardReport(line: "else 0\n") == nil)
    }
}
