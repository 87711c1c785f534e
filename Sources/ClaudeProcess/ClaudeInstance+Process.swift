import GuardedProcess
import Logging
import Subprocess

/// The process side: the guard is started, its streams are read and written, its end is told.
extension ClaudeInstance {
    /// How long a process may live on after it has closed its output or its input.
    static let closedGrace: Duration = .seconds(2)

    /// Sends under the lock: while the number stands there, the guard has not been reaped and the number is its own.
    func signalGuard(_ signal: GuardSignal) {
        state.withLock { state in
            guard let pid = state.guardPID else { return }
            signal.send(to: pid)
        }
    }

    /// Runs the guard to its end.
    func runProcess(writing lines: AsyncStream<[UInt8]>) async {
        let configuration = plan.launch.configuration(
            for: [plan.claudePath] + plan.arguments, environment: plan.launchEnvironment, directory: plan.directory)
        do {
            let result = try await run(configuration, input: .inputWriter, output: .sequence, error: .sequence) {
                execution in
                launched(execution.processIdentifier.value)
                let writer = Task { await write(lines, to: execution.standardInputWriter) }
                async let errors: Void = readErrors(execution.standardError)
                await readOutput(execution.standardOutput)
                afterClosing("output")
                // The guard keeps standard error open for as long as it lives, so this is its end too.
                await errors
                state.withLock { $0.guardPID = nil }
                outgoing.finish()
                await writer.value
            }
            finished(Self.exitCode(result.terminationStatus))
        } catch {
            perform {
                $0.breakDown(.launch, "cc-guard at \(plan.guardPath) could not be run in \(plan.directory): \(error)")
            }
            finished(127)
        }
    }

    private func launched(_ pid: Int32) {
        // A kill that came before there was a process to kill.
        let alreadyStopping = state.withLock { state in
            state.guardPID = pid
            return state.stopping
        }
        logger.debug("guard started", metadata: ["instance": "\(name)", "pid": "\(pid)"])
        if alreadyStopping { signalGuard(.killEverything) }
    }

    private func finished(_ exitCode: Int32) {
        outgoing.finish()
        perform { $0.ended(InstanceEnd(exitCode: exitCode, standardErrorTail: $0.errorTail.text)) }
        logger.debug("guard ended", metadata: ["instance": "\(name)", "exit": "\(exitCode)"])
    }

    private func readOutput(_ output: SubprocessOutputSequence) async {
        var splitter = LineSplitter(limitBytes: Self.lineLimitBytes)
        do {
            for try await chunk in output {
                noteActivity()
                let lines = try chunk.withUnsafeBytes { bytes in
                    state.withLock { $0.streamTail.append(bytes) }
                    return try splitter.append(bytes)
                }
                for line in lines { perform { $0.received(line) } }
            }
        } catch is LineSplitter.TooLong {
            perform { $0.breakDown(.lineTooLong, "claude wrote a line of more than \(Self.lineLimitBytes) bytes") }
        } catch {
            perform { $0.breakDown(.closed, "claude's output cannot be read: \(error)") }
        }
    }

    private func readErrors(_ errors: SubprocessOutputSequence) async {
        do {
            for try await chunk in errors {
                chunk.withUnsafeBytes { bytes in state.withLock { $0.errorTail.append(bytes) } }
            }
        } catch {
            perform { $0.breakDown(.closed, "claude's standard error cannot be read: \(error)") }
        }
    }

    /// The one writer: lines go out whole and in order.
    private func write(_ lines: AsyncStream<[UInt8]>, to input: StandardInputWriter) async {
        do {
            for await line in lines { _ = try await input.write(line) }
            try await input.finish()
        } catch {
            logger.debug("claude closed its input", metadata: ["instance": "\(name)", "reason": "\(error)"])
            afterClosing("input")
        }
    }

    /// A stream has closed: the process must end soon, or it is broken.
    private func afterClosing(_ stream: String) {
        _ = after(Self.closedGrace) { instance in
            instance.perform { state in
                // On its way out by order: `stop` has times of its own.
                state.stopping ? [] : state.breakDown(.closed, "claude closed its \(stream) and did not end")
            }
        }
    }

    private static func exitCode(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
