import AgentPool
import ClusterModel
import ExecRunner
import GuardedProcess
import Logging

/// Commands: each runs in a place of its own, waits a moment for one, or goes back because there is none.
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
        var begun: Instant
        /// How the attempt ends when that was decided before the command's own end.
        var ending: AttemptEnd?
    }

    func execArrived(_ record: AttemptRecord, at now: Instant) {
        if departure.isLeaving { return attemptEnded(record.token, .handedBack(.leaving), on: nil) }
        // Those that wait came first.
        if execSlots.first == nil, startExec(record, at: now) { return }
        if !execSlots.wait(record.token, at: now) { attemptEnded(record.token, .handedBack(.full), on: nil) }
    }

    /// False: there is no place.
    private func startExec(_ record: AttemptRecord, at now: Instant) -> Bool {
        let token = record.token
        guard let slot = execSlots.attemptArrived(token, others: pool.count) else { return false }
        let folders = ExecDirectory(state: settings.stateDirectory, slot: slot)
        let options = record.options
        do {
            let plan = try ExecPlan(
                options: options, prompt: record.prompt,
                searchPath: runner.environment["PATH"] ?? ExecEnvironment.defaultPath,
                directory: place(of: options, slot: "exec-\(slot)")?.path
                    ?? (options.directory.isEmpty ? folders.work : options.directory),
                environment: ExecEnvironment.make(
                    from: runner.environment, home: folders.work, temporary: folders.temporary, token: token,
                    own: options.environment),
                outputBytes: settings.execOutputBytes, timeout: timeout(of: options),
                launch: GuardLaunch(
                    guardPath: runner.guardPath, marker: settings.stateDirectory, grace: ExecLimits.grace))
            let turn = workspaceTurn(record, slot: "exec-\(slot)")
            let process = ExecProcess(plan)
            execs[token] = ExecRecord(process: process, instance: "\(settings.name)/exec-\(slot)", begun: now)
            attempts[token]?.startedAt = Clocks.wall()
            let workspaces = runner.workspaces
            let prepare: @Sendable () throws -> Void = {
                try folders.make()
                // The thread is the place's own, so it may wait.
                if let turn, let error = Blocking.wait({ await turn.prepare(workspaces) }) { throw error }
            }
            place(slot).run(process, preparing: prepare) { [feed] result in
                if let turn, case .success = result {
                    let collected = Blocking.wait { await turn.collect(workspaces) }
                    feed.yield(.workspaceCollected(token, collected, hasStragglers: false))
                }
                switch result {
                case .success(let end): feed.yield(.execEnded(token, .ended(end)))
                case .failure(let error): feed.yield(.execEnded(token, .noFolder("\(error)")))
                }
            }
        } catch {
            execSlots.ended(token)
            refuse(token, "\(error)")
        }
        return true
    }

    private func place(_ slot: Int) -> ExecPlace {
        if let place = execPlaces[slot] { return place }
        let place = ExecPlace(name: "exec-\(slot)")
        execPlaces[slot] = place
        return place
    }

    func execEnded(_ token: AttemptToken, _ outcome: ExecOutcome, at now: Instant) {
        execSlots.ended(token)
        guard let exec = execs.removeValue(forKey: token) else { return }
        notePace { $0.commandEnded(after: now.nanoseconds - exec.begun.nanoseconds) }
        // The place is free since the command has ended, not since its result is on disk.
        startWaiting(at: now)
        guard let record = attempts[token] else { return }
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
            let (ended, why) = record.end(state, failure)
            finish(record, ended, why, AttemptOutput(answer: answer), on: exec.instance)
        }
    }

    /// The user ended it, or it is nobody's any more: TERM, then KILL. True when it is a command that runs or waits.
    func endExec(_ token: AttemptToken, _ ending: AttemptEnd) -> Bool {
        if execSlots.stopWaiting(token) {
            attemptEnded(token, ending, on: nil)
            return true
        }
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

    // MARK: Those that wait for a place

    private func startWaiting(at now: Instant) {
        while let token = execSlots.first {
            guard let record = attempts[token] else {
                _ = execSlots.stopWaiting(token)
                continue
            }
            guard startExec(record, at: now) else { return }
            _ = execSlots.stopWaiting(token)
        }
    }

    /// Gives back those that wait in vain; when the agent leaves, all of them.
    func giveBackWaitingExecs(at now: Instant) {
        let tokens = execSlots.takeOverdue(at: now, all: departure.isLeaving)
        guard !tokens.isEmpty else { return }
        notePace { $0.waitedInVain() }
        for token in tokens { attemptEnded(token, .handedBack(departure.isLeaving ? .leaving : .full), on: nil) }
    }

    /// How many attempts more than it has places the agent may hold now.
    var execsAhead: Int { min(execPace.ahead * execSlots.capacity, execSlots.queueLimit) }

    private func notePace(_ change: (inout ExecPace) -> Void) {
        let before = execsAhead
        change(&execPace)
        if execsAhead != before { tellCapacity() }
    }
}
