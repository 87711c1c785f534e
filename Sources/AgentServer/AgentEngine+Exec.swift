import AgentPool
import ClusterModel
import ExecRunner
import GuardedProcess
import Logging

/// Commands: each runs at once in a place of its own, or goes back because there is none.
extension AgentEngine {
    /// What came of a command.
    enum ExecOutcome: Sendable {
        case ended(ExecEnd)
        /// Its folders could not be made: no fault of the task's.
        case noFolder(String)
    }

    struct ExecRecord {
        var process: ExecProcess
        var instance: String
        /// How the attempt ends when that was decided before the command's own end.
        var ending: AttemptEnd?
    }

    func startExec(_ record: AttemptRecord) {
        let token = record.token
        if departure.isLeaving { return attemptEnded(token, .handedBack(.leaving), on: nil) }
        guard let slot = execSlots.attemptArrived(token, others: pool.tokens.count) else {
            return attemptEnded(token, .handedBack(.full), on: nil)
        }
        let folders = ExecDirectory(state: settings.stateDirectory, slot: slot)
        let options = record.options
        do {
            let plan = try ExecPlan(
                options: options, prompt: record.prompt,
                searchPath: runner.environment["PATH"] ?? ExecEnvironment.defaultPath,
                directory: options.directory.isEmpty ? folders.work : options.directory,
                environment: ExecEnvironment.make(
                    from: runner.environment, home: folders.work, temporary: folders.temporary, token: token,
                    own: options.environment),
                outputBytes: settings.execOutputBytes, timeout: timeout(of: options),
                launch: GuardLaunch(
                    guardPath: runner.guardPath, marker: settings.stateDirectory, grace: ExecLimits.grace))
            let name = "\(settings.name)/exec-\(slot)"
            let process = ExecProcess(plan, name: name, logger: logger)
            execs[token] = ExecRecord(process: process, instance: name)
            attempts[token]?.startedAt = Clocks.wall()
            Task { [feed] in
                do { try folders.make() } catch {
                    feed.yield(.execEnded(token, .noFolder("\(error)")))
                    return
                }
                feed.yield(.execEnded(token, .ended(await process.run())))
            }
        } catch {
            execSlots.ended(token)
            refuse(token, "\(error)")
        }
    }

    func execEnded(_ token: AttemptToken, _ outcome: ExecOutcome) {
        execSlots.ended(token)
        guard let exec = execs.removeValue(forKey: token), let record = attempts[token] else { return }
        if let ending = exec.ending, ending != .cancelled { return attemptEnded(token, ending, on: nil) }
        switch outcome {
        case .noFolder(let reason):
            if exec.ending != nil { return attemptEnded(token, .cancelled, on: nil) }
            fail(
                token, TaskFailure(.transient, "a folder for the command could not be made: \(reason)"),
                on: exec.instance)
        case .ended(let end):
            let (state, answer, failure) = end.judge(
                timeout: exec.process.plan.timeout, program: exec.process.plan.command[0])
            finish(record, state, failure, AttemptOutput(answer: answer), on: exec.instance)
        }
    }

    /// The user ended it, or it is nobody's any more: TERM, then KILL. True when it is a command that runs.
    func endExec(_ token: AttemptToken, _ ending: AttemptEnd) -> Bool {
        guard execs[token] != nil else { return false }
        // Nobody waits for an abandoned one, whatever else was meant for it.
        if execs[token]?.ending == nil || ending == .abandoned { execs[token]?.ending = ending }
        execs[token]?.process.terminate()
        return true
    }

    /// The second signal: everything is killed and handed back.
    func killExecs() {
        for token in execs.keys {
            if execs[token]?.ending == nil { execs[token]?.ending = .handedBack(.leaving) }
            execs[token]?.process.kill()
        }
    }
}
