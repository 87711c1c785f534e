import ClusterModel
import Foundation
import Settings
import Testing

@testable import AgentServer

@Suite("What an agent lets commands do")
struct JobPolicyTests {
    private func policy(runners: [String] = ["exec"], commands: [String]) throws -> JobPolicy {
        let context = SettingsContext(
            environment: ["HOME": "/home/x", "PATH": "/usr/bin:/bin"], workingDirectory: "/", hostName: "h")
        let flags: [String: FlagValue] = ["policy.runners": .many(runners), "policy.commands": .many(commands)]
        let settings = try AgentSettings(SettingsSource(program: .agent, flags: flags, context: context))
        return JobPolicy(settings.policy, searchPath: "/usr/bin:/bin", isRoot: false)
    }

    private func options(_ command: [String], environment: [String] = [], outputBytes: UInt32 = 0) -> TaskOptions {
        TaskOptions(runner: "exec", command: command, environment: environment, outputBytes: outputBytes)
    }

    @Test("Nothing runs until a program is named, and the sentence says which setting to change")
    func nothing() throws {
        let none = try policy(commands: [])
        let objection = try #require(none.objection(to: options(["echo", "x"])))
        #expect(objection.contains("echo") && objection.contains("policy.commands"))
        let claude = try policy(runners: ["exec"], commands: []).objection(to: TaskOptions())
        #expect(claude?.contains("policy.runners") == true)
        let noop = try policy(commands: ["*"]).objection(to: TaskOptions(runner: "noop"))
        #expect(noop?.contains("the runner noop is not allowed") == true)
    }

    @Test("A program is the same by its name and by any way to write its path, and no other is")
    func programs() throws {
        let named = try policy(commands: ["cat", "/usr/bin/env"])
        for program in ["cat", "/usr/bin/cat", "/bin/cat", "/usr/../usr/bin/cat", "env", "/usr/bin/env"] {
            #expect(named.objection(to: options([program])) == nil, "\(program)")
        }
        for program in ["sh", "/tmp/cat", "./cat", "usr/bin/cat", "cat ", "", "{line}", "/usr/bin/{line}"] {
            #expect(named.objection(to: options([program])) != nil, "\(program)")
        }
        #expect(named.objection(to: options([])) == "the task has no command")
        let any = try policy(commands: ["*"])
        for program in ["sh", "./x", "{line}", "/usr/bin/{line}"] {
            #expect(any.objection(to: options([program])) == nil)
        }
    }

    @Test("Variables that would make another program of an allowed one are refused")
    func variables() throws {
        let named = try policy(commands: ["cat"])
        for entry in ["PATH=/tmp", "LD_PRELOAD=/tmp/x", "CCO_TASK=1", "NAME", "=x", "A=\0"] {
            #expect(named.objection(to: options(["cat"], environment: [entry])) != nil, "\(entry)")
        }
        #expect(named.objection(to: options(["cat"], environment: ["A=1", "B="])) == nil)
        let any = try policy(commands: ["*"])
        #expect(any.objection(to: options(["cat"], environment: ["PATH=/tmp", "LD_X=1"])) == nil)
        #expect(any.objection(to: options(["cat"], environment: ["CCO_TASK=1"])) != nil)
    }

    @Test("Output has a limit that no task can lift")
    func output() throws {
        let any = try policy(commands: ["*"])
        #expect(any.objection(to: options(["cat"], outputBytes: 16 << 20)) == nil)
        #expect(any.objection(to: options(["cat"], outputBytes: (16 << 20) + 1)) != nil)
    }
}

@Suite("Places for commands")
struct ExecSlotsTests {
    @Test("Numbers are those of running commands alone, and never more than there is room for beside the pool's")
    func slots() {
        var slots = ExecSlots(capacity: 3, holdsQueue: false)
        #expect(slots.attemptArrived(token(1), others: 0) == 0)
        #expect(slots.attemptArrived(token(1), others: 0) == nil, "it is here")
        #expect(slots.attemptArrived(token(2), others: 1) == 1)
        #expect(slots.attemptArrived(token(3), others: 1) == nil)
        #expect(slots.attemptArrived(token(3), others: 0) == 2)
        #expect(!slots.hasRoom(others: 0))
        slots.ended(token(2))
        slots.ended(token(2))
        #expect(slots.count == 2)
        #expect(slots.attemptArrived(token(4), others: 0) == 1)
    }

    @Test("Sixteen may wait for each place, each for half a second")
    func waiting() {
        var none = ExecSlots(capacity: 2, holdsQueue: false)
        #expect(none.wait(token(1), at: .origin) == false)
        var slots = ExecSlots(capacity: 2, holdsQueue: true)
        let later = Instant.origin + Milliseconds(400)
        #expect(slots.wait(token(1), at: .origin) == true)
        for number in 2...32 { #expect(slots.wait(token(UInt32(number)), at: later) == true) }
        #expect(slots.wait(token(33), at: later) == false)
        #expect(slots.first == token(1))
        #expect(slots.takeOverdue(at: .origin + Milliseconds(499)).isEmpty)
        #expect(slots.takeOverdue(at: .origin + ExecSlots.patience) == [token(1)])
        #expect(slots.stopWaiting(token(1)) == false)
        #expect(slots.stopWaiting(token(2)) == true)
        #expect(slots.wait(token(34), at: later) == true)
        #expect(slots.takeOverdue(at: later, all: true) == (3...32).map { token(UInt32($0)) } + [token(34)])
    }

    @Test("The shorter commands are on average, the more may wait, until one waits in vain")
    func pace() {
        var pace = ExecPace()
        #expect(pace.ahead == 0)
        for _ in 0..<40 { pace.commandEnded(after: 20_000_000) }
        #expect(pace.ahead == 1)
        for _ in 0..<40 { pace.commandEnded(after: 5_000_000) }
        #expect(pace.ahead == 4)
        for _ in 0..<40 { pace.commandEnded(after: 900_000) }
        #expect(pace.ahead == ExecPace.aheadAtMost)
        for _ in 0..<40 { pace.commandEnded(after: 3_000_000) }
        #expect(pace.ahead == ExecPace.aheadAtMost, "not yet twice the bound at which the step was entered")
        pace.commandEnded(after: 500_000_000)
        #expect(pace.ahead == 1, "one long one among many short ones")
        pace.waitedInVain()
        #expect(pace.ahead == 0)
    }
}
