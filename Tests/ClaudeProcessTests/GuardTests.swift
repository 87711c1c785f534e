import Foundation
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
        while :; do sleep 1000; done
        """

    /// A started guard and what is below it.
    final class Guarded {
        let scratch: Scratch
        let process: Process
        let errors = Pipe()

        init(_ program: [String], scratch: Scratch, flags: [String] = []) throws {
            self.scratch = scratch
            process = Process()
            process.executableURL = URL(fileURLWithPath: builtGuard)
            process.arguments = flags + ["--"] + program
            process.environment = ["PATH": "/usr/bin:/bin"]
            process.standardInput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
        }

        convenience init(familyThat ends: String, flags: [String] = [], marked: Bool = false) throws {
            let scratch = try Scratch()
            let script = try scratch.script("family", GuardTests.family)
            let rest = marked ? ["marked", "4"] : []
            try self.init([script, scratch.path, ends] + rest, scratch: scratch, flags: flags)
        }

        var pids: [Int32] {
            let text = (try? String(contentsOfFile: "\(scratch.path)/pids", encoding: .utf8)) ?? ""  // not yet written
            return text.split(separator: "\n").compactMap { Int32($0) }
        }

        func ready() async -> Bool {
            await eventually(within: 10) { FileManager.default.fileExists(atPath: "\(scratch.path)/ready") }
        }

        func send(_ signal: Int32) { #expect(systemKill(process.processIdentifier, signal) == 0) }

        /// The guard's exit code, once it has ended; nil when that takes more than `seconds`.
        func exitCode(within seconds: Double) async -> Int32? {
            guard await eventually(within: seconds, { !process.isRunning }) else { return nil }
            return process.terminationReason == .exit ? process.terminationStatus : 1000 + process.terminationStatus
        }
    }

    @Test("A program's end takes its descendants along, and its code comes through")
    func programEnds() async throws {
        let guarded = try Guarded(familyThat: "7")
        #expect(await guarded.exitCode(within: 10) == 7)
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("SIGTERM lets a program leave by itself")
    func orderly() async throws {
        let scratch = try Scratch()
        let script = try scratch.script(
            "leaves", "#!/bin/sh\ntrap 'exit 3' TERM\ntouch \(scratch.path)/ready\nwhile :; do sleep 0.01; done\n")
        let guarded = try Guarded([script], scratch: scratch)
        #expect(await guarded.ready())
        guarded.send(SIGTERM)
        #expect(await guarded.exitCode(within: 5) == 3)
    }

    @Test("After the grace everything that ignored SIGTERM is killed, not before")
    func grace() async throws {
        let guarded = try Guarded(familyThat: "wait", flags: ["--grace-ms", "400"])
        #expect(await guarded.ready())
        let asked = ContinuousClock.now
        guarded.send(SIGTERM)
        #expect(await guarded.exitCode(within: 5) == 137)
        #expect(ContinuousClock.now - asked >= .milliseconds(390))
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("SIGUSR1 kills everything at once")
    func atOnce() async throws {
        let guarded = try Guarded(familyThat: "wait", flags: ["--grace-ms", "60000"])
        #expect(await guarded.ready())
        guarded.send(SIGUSR1)
        #expect(await guarded.exitCode(within: 2) == 137)
        #expect(guarded.pids.count == 5)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("When the parent is killed, everything is gone within 2 s")
    func parentKilled() async throws {
        let scratch = try Scratch()
        let family = try scratch.script("family", Self.family)
        let parent = Process()
        parent.executableURL = URL(fileURLWithPath: "/bin/sh")
        parent.arguments = [
            "-c", "\"$0\" --parent $$ -- \"$1\" \"$2\" wait & echo $! > \"$2/guard\"; wait", builtGuard, family,
            scratch.path,
        ]
        parent.environment = ["PATH": "/usr/bin:/bin"]
        try parent.run()
        #expect(await eventually(within: 10) { FileManager.default.fileExists(atPath: "\(scratch.path)/ready") })
        let pids = try
            (String(contentsOfFile: "\(scratch.path)/pids", encoding: .utf8)
            + String(contentsOfFile: "\(scratch.path)/guard", encoding: .utf8)).split(separator: "\n").compactMap {
                Int32($0)
            }
        #expect(pids.count == 6)
        #expect(pids.filter(isAlive).count == 6)

        #expect(systemKill(parent.processIdentifier, SIGKILL) == 0)
        #expect(await eventually(within: 2) { pids.allSatisfy { !isAlive($0) } })
    }

    @Test("A guard that is killed takes its program along, and a sweep finds the rest")
    func guardKilled() async throws {
        let marker = "sweep-\(UUID().uuidString)"
        let guarded = try Guarded(familyThat: "wait", flags: ["--marker", marker], marked: true)
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
        let guarded = try Guarded(familyThat: "wait", flags: ["--marker", marker])
        #expect(await guarded.ready())
        #expect(OrphanSweep.sweep(marker: marker) >= 5)
        #expect(await guarded.exitCode(within: 2) != nil)
        #expect(guarded.pids.filter(isAlive) == [])
    }

    @Test("A program that closes its output is seen to do so: the guard holds no copy")
    func noCopyOfPipes() async throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: builtGuard)
        process.arguments = ["--", "/bin/sh", "-c", "echo word; exec sleep 1000 >&-"]
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Ends only at the end of file; the time limit of the suite bounds it.
        #expect(output.fileHandleForReading.readDataToEndOfFile() == Data("word\n".utf8))
        #expect(process.isRunning)
        #expect(systemKill(process.processIdentifier, SIGUSR1) == 0)
        process.waitUntilExit()
        #expect(process.terminationStatus == 137)
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
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: builtGuard)
        process.arguments = arguments
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == code)
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(said.hasPrefix(line))
    }
}
