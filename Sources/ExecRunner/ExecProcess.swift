import ClusterModel
import GuardedProcess
import Logging
import Subprocess
import Synchronization

/// One command under its guard, from its start to the end of its last descendant.
public final class ExecProcess: Sendable {
    private struct State {
        /// While it stands here the guard has not been reaped, and the number is its own.
        var guardPID: Int32?
        /// What it is to be told, if it is not there yet.
        var signal: GuardSignal?
        var isOver = false
        var timedOut = false
        var output: HeadBuffer
        var errors = TailBuffer(limitBytes: Limits.failureDetailBytes)
    }

    /// What is run.
    public let plan: ExecPlan
    private let name: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Nothing is started yet.
    ///
    /// - Parameter name: For the log.
    public init(_ plan: ExecPlan, name: String, logger: Logger) {
        PipeSignal.ignored
        self.plan = plan
        self.name = name
        self.logger = logger
        state = Mutex(State(output: HeadBuffer(limitBytes: plan.outputBytes)))
    }

    /// TERM, after the grace KILL for everything. It may come before the start; ``run()`` returns when all is gone.
    public func terminate() { tell(.terminate) }

    /// Kills everything at once.
    public func kill() { tell(.killEverything) }

    /// Runs it to its end. Called once.
    public func run() async -> ExecEnd {
        let timer = Task { [self] in
            // Cancelled: it ended in time.
            do { try await Task.sleep(for: .milliseconds(plan.timeout.rawValue)) } catch { return }
            let isNew = state.withLock { state in
                guard !state.isOver, state.signal == nil else { return false }
                state.timedOut = true
                return true
            }
            if isNew { terminate() }
        }
        defer { timer.cancel() }
        let trouble: String?
        do {
            try await runGuard()
            trouble = nil
        } catch {
            trouble = "cc-guard at \(plan.launch.guardPath) could not be run in \(plan.directory): \(error)"
        }
        return end(trouble)
    }

    private func runGuard() async throws {
        let configuration = plan.launch.configuration(
            for: plan.command, environment: plan.environment, directory: plan.directory)
        if let input = plan.input {
            _ = try await Subprocess.run(configuration, input: .inputWriter, output: .sequence, error: .sequence) {
                execution in
                launched(execution.processIdentifier.value)
                let writer = Task { await write(input, to: execution.standardInputWriter) }
                await read(execution.standardOutput, execution.standardError)
                await writer.value
            }
        } else {
            _ = try await Subprocess.run(configuration, input: .none, output: .sequence, error: .sequence) {
                execution in
                launched(execution.processIdentifier.value)
                await read(execution.standardOutput, execution.standardError)
            }
        }
    }

    private func tell(_ signal: GuardSignal) {
        state.withLock { state in
            state.signal = signal
            if let pid = state.guardPID { signal.send(to: pid) }
        }
    }

    private func launched(_ pid: Int32) {
        state.withLock { state in
            state.guardPID = pid
            state.signal?.send(to: pid)
        }
    }

    /// Both streams at once, else a full pipe would stop the command. The guard keeps standard error open for as long as it lives.
    private func read(_ output: SubprocessOutputSequence, _ errors: SubprocessOutputSequence) async {
        async let isRead: Void = drain(errors, "standard error") { $0.errors.append($1) }
        await drain(output, "standard output") { $0.output.append($1) }
        await isRead
        state.withLock { state in
            state.guardPID = nil
            state.isOver = true
        }
    }

    private func drain(
        _ stream: SubprocessOutputSequence, _ what: String,
        _ take: @escaping @Sendable (inout State, UnsafeRawBufferPointer) -> Void
    ) async {
        do {
            for try await chunk in stream { chunk.withUnsafeBytes { bytes in state.withLock { take(&$0, bytes) } } }
        } catch {
            logger.debug("\(what) cannot be read", metadata: ["instance": "\(name)", "reason": "\(error)"])
        }
    }

    private func write(_ input: String, to writer: StandardInputWriter) async {
        do {
            _ = try await writer.write(Array(input.utf8))
            try await writer.finish()
        } catch {
            // A command need not read all that it is given.
            logger.debug("the command closed its input", metadata: ["instance": "\(name)", "reason": "\(error)"])
        }
    }

    private func end(_ trouble: String?) -> ExecEnd {
        state.withLock { state in
            state.isOver = true
            state.guardPID = nil
            let said = state.errors.kept
            let report = GuardReport.split(said)
            let cause: ExecEnd.Cause =
                if let trouble {
                    .broken(trouble)
                } else if state.timedOut {
                    .timedOut
                } else if state.signal != nil {
                    .terminated
                } else if let report {
                    .program(report.report)
                } else {
                    .broken("cc-guard ended without a word about the command")
                }
            return ExecEnd(plan, cause, output: state.output, errors: report?.written ?? said[...])
        }
    }
}
