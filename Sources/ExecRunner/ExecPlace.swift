import Dispatch
import Foundation
import GuardedProcess
import Synchronization
import SystemShims

/// A place where commands run, one after the other: a thread that waits for them and the guard that starts them. Both begin with the
/// first command and stay until the place is closed.
public final class ExecPlace: Sendable {
    private struct Work {
        var process: ExecProcess
        var prepare: @Sendable () throws -> Void
        var ended: @Sendable (Result<ExecEnd, any Error>) -> Void
    }

    private struct State {
        var work: Work?
        var hasThread = false
        var isClosed = false
    }

    /// What is read at once.
    private static let bufferBytes = 64 * 1024

    private let name: String
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    /// - Parameter name: the thread's, as tools show it.
    public init(name: String) { self.name = name }

    /// Runs a command; not before the one before it has ended.
    ///
    /// - Parameters:
    ///   - prepare: comes before the command; when it throws, nothing is started.
    ///   - ended: is told what came of it, or what `prepare` threw.
    public func run(
        _ process: ExecProcess, preparing prepare: @escaping @Sendable () throws -> Void = {},
        ended: @escaping @Sendable (Result<ExecEnd, any Error>) -> Void
    ) {
        let needsThread = state.withLock { state in
            precondition(
                state.work == nil && !state.isClosed, "a place runs one command at a time, and none once it is closed")
            state.work = Work(process: process, prepare: prepare, ended: ended)
            defer { state.hasThread = true }
            return !state.hasThread
        }
        if needsThread {
            let thread = Thread { [self] in work() }
            thread.start()
        }
        wakeUp.signal()
    }

    /// Ends the guard, after the command that runs.
    public func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    private func work() {
        cco_set_thread_name(name)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        var guardian: StandingGuard?
        while true {
            wakeUp.wait()
            let (work, isClosed) = state.withLock { state in
                defer { state.work = nil }
                return (state.work, state.isClosed)
            }
            if let work {
                let result = Result {
                    try work.prepare()
                    return work.process.run(&guardian, buffer: buffer)
                }
                work.ended(result)
            }
            if isClosed { break }
        }
        guardian?.end()
    }
}

extension ExecProcess {
    /// Runs it in a place of its own.
    public func run() async -> ExecEnd {
        let place = ExecPlace(name: "exec")
        defer { place.close() }
        return await run(in: place)
    }

    /// Runs it in a place that is free.
    public func run(in place: ExecPlace) async -> ExecEnd {
        await withCheckedContinuation { continuation in
            place.run(self) { result in
                switch result {
                case .success(let end): continuation.resume(returning: end)
                case .failure: preconditionFailure("nothing was prepared, so nothing failed")
                }
            }
        }
    }
}
