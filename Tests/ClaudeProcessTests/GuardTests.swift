import Foundation
import Subprocess
import Testing

@testable import ClaudeProcess

/// cc-guard with real processes that do what they can to survive it.
@Suite(.timeLimit(.minutes(1)))
struct GuardTests {
    /// Ignores TERM, as do its children: one plain, one in a session of its own, one whose parent has gone, one without the
    /// marker in its environment. Each writes its number down; then it waits, or leaves with the code in $2.
    static let family = """
        #!/bin/sh
        trap '' TERM
        note='echo $$ >> "$0/pids"; exec sleep 1000'
        sh -c "$note" "$1" &
        setsid sh -c "$note" "$1" &
        ( setsid sh -c "$note" "$1" & ) &
        [ "$3" = marked ] || env -i PATH=/usr/bin:/bin setsid sh -c "$note" "$1" &
        echo $$ >> "$1/pids"
        until [ "$(wc -l < "$1/pids")" -ge "${4:-5}" ]; do sleep 0.01; done
        touch "$1/ready"
        [ "$2" = wait ] || exit "$2"
        exec sleep 1000
        """

    /// A started guard and what is below it.
    struct Guarded {
        let scratch: Scratch
        let guardian: Spawned

        init(_ program: [String], scratch: Scratch, flags: [String] = []) async throws {
            self.scratch = scratch
            guardian = try await Spawned(builtGuard, flags + ["--"] + program)
        }

        init(familyThat ends: String, flags: [String] = [], marked: Bool = false) async throws {
            let scratch = try Scratch()
            let script = try scratch.script("family", GuardTests.family)
            let rest = marked ? ["marked", "4"] : []
            try await self.init([script, scratch.path, ends] + rest, scratch: scratch, flags: flags)
        }

        var pids: [Int32] { scratch.numbers(in: "pids") }

        func ready() async -> Bool {
            await eventually(within: 10) { FileManager.default.fileExists(atPath: "\(scratch.path)/ready") }
        }

        func send(_ signal: Int32) { #expect(systemKill(guardian.pid, signal) == 0) }
    }

    @Test("A program's end takes its descendants along, and its code comes through")
    func programEnds() async throws {
        let guarded = try await Guarded(familyThat: "7")
        #expect(await guarded.guardian.end.exitCode == 7)
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("SIGTERM lets a program leave by itself")
    func orderly() async throws {
        let scratch = try Scratch()
        let script = try scratch.script(
            "leaves", "#!/bin/sh\ntrap 'exit 3' TERM\ntouch \(scratch.path)/ready\nwhile :; do sleep 0.01; done\n")
        let guarded = try await Guarded([script], scratch: scratch)
        #expect(await guarded.ready())
        guarded.send(SIGTERM)
        #expect(await guarded.guardian.end.exitCode == 3)
    }

    @Test("After the grace everything that ignored SIGTERM is killed, not before")
    func grace() async throws {
        let guarded = try await Guarded(familyThat: "wait", flags: ["--grace-ms", "400"])
        #expect(await guarded.ready())
        let asked = ContinuousClock.now
        guarded.send(SIGTERM)
        #expect(await guarded.guardian.end.exitCode == 137)
        #expect(ContinuousClock.now - asked >= .milliseconds(390))
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("SIGUSR1 kills everything at once")
    func atOnce() async throws {
        let guarded = try await Guarded(familyThat: "wait", flags: ["--grace-ms", "60000"])
        #expect(await guarded.ready())
        guarded.send(SIGUSR1)
        #expect(await guarded.guardian.end.exitCode == 137)
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("SIGUSR2 kills orphans alone")
    func orphans() async throws {
        let scratch = try Scratch()
        let script = try scratch.script(
            "program",
            """
            #!/bin/sh
            ( setsid sh -c 'echo $$ >> "$0/orphans"; sleep 1000 & exec sleep 1000' "$1" & )
            sh -c 'echo $$ >> "$0/own"; exec sleep 1000' "$1" &
            echo $$ >> "$1/own"
            exec sleep 1000
            """)
        let guardian = try await Spawned(builtGuard, ["--", script, scratch.path])
        #expect(
            await eventually(within: 10) {
                scratch.numbers(in: "orphans").count == 1 && scratch.numbers(in: "own").count == 2
            })
        let own = scratch.numbers(in: "own")
        let orphans = scratch.numbers(in: "orphans")
        // Nothing of the program's own is touched, however often it is said.
        for _ in 0..<2 {
            kill(guardian.pid, SIGUSR2)
            #expect(await eventually(within: 5) { !orphans.contains(where: isAlive) })
            #expect(own.allSatisfy(isAlive))
        }
        kill(guardian.pid, SIGUSR1)
        _ = await guardian.end
        #expect(!own.contains(where: isAlive))
    }

    @Test("When the parent is killed, everything is gone within 2 s")
    func parentKilled() async throws {
        let scratch = try Scratch()
        let family = try scratch.script("family", Self.family)
        let command = "\"$0\" --parent $$ -- \"$1\" \"$2\" wait & echo $! > \"$2/guard\"; wait"
        let parent = try await Spawned("/bin/sh", ["-c", command, builtGuard, family, scratch.path])
        #expect(await eventually(within: 10) { FileManager.default.fileExists(atPath: "\(scratch.path)/ready") })
        let pids = scratch.numbers(in: "pids") + scratch.numbers(in: "guard")
        #expect(pids.count == 6)
        #expect(pids.filter(isAlive).count == 6)

        #expect(systemKill(parent.pid, SIGKILL) == 0)
        #expect(await eventually(within: 2) { pids.allSatisfy { !isAlive($0) } })
    }

    @Test("A guard that is killed takes its program along, and a sweep finds the rest")
    func guardKilled() async throws {
        let marker = "sweep-\(UUID().uuidString)"
        let guarded = try await Guarded(familyThat: "wait", flags: ["--marker", marker], marked: true)
        #expect(await guarded.ready())
        let pids = guarded.pids
        #expect(pids.count == 4)
        guarded.send(SIGKILL)
        // The program is the last to have written its number.
        #expect(await eventually(within: 2) { pids.filter(isAlive).count == 3 })
        #expect(OrphanSweep.sweep(marker: "another-\(marker)") == 0)
        #expect(pids.filter(isAlive).count == 3)
        #expect(OrphanSweep.sweep(marker: marker) == 3)
        #expect(pids.filter(isAlive) == [])
    }

    @Test("A sweep ends a guard that still runs, with everything below it")
    func sweepOfGuard() async throws {
        let marker = "sweep-\(UUID().uuidString)"
        let guarded = try await Guarded(familyThat: "wait", flags: ["--marker", marker])
        #expect(await guarded.ready())
        #expect(OrphanSweep.sweep(marker: marker) >= 5)
        #expect(await guarded.guardian.end.exitCode == 137)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("A program that closes its output is seen to do so: the guard holds no copy")
    func noCopyOfPipes() async throws {
        let configuration = Configuration(
            executable: .path(.init(builtGuard)), arguments: ["--", "/bin/sh", "-c", "echo word; exec sleep 1000 >&-"],
            environment: .custom(["PATH": "/usr/bin:/bin"]))
        let result = try await run(configuration, input: .none, output: .sequence, error: .discarded) { execution in
            var text = ""
            // Ends only at the end of file; the time limit of the suite bounds it.
            for try await chunk in execution.standardOutput {
                text += chunk.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            }
            let guardian = execution.processIdentifier.value
            #expect(text == "word\n")
            #expect(isAlive(guardian))
            #expect(systemKill(guardian, SIGUSR1) == 0)
        }
        #expect(result.terminationStatus == .exited(137))
    }

    @Test(
        "What cannot be started is told in one line",
        arguments: [
            (
                ["--", "/does/not/exist"], Int32(127),
                "cc-guard: cannot run /does/not/exist: No such file or directory\n"
            ),
            (["--parent", "1", "--", "/bin/true"], 127, "cc-guard: the parent has gone; nothing was started\n"),
            (["--grace-ms", "soon", "--", "/bin/true"], 2, "cc-guard: --grace-ms takes 0 to 3600000\n"),
            (["--parent", "1"], 2, "cc-guard: no PROGRAM after --\n"),
        ])
    func refused(arguments: [String], code: Int32, line: String) async throws {
        let end = try await Spawned(builtGuard, arguments).end
        #expect(end.exitCode == code)
        #expect(end.errors.hasPrefix(line))
    }
}
