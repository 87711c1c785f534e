import ClusterModel
import GuardedProcess
import Synchronization

/// One command under its guard, from its start to the end of its last descendant.
public final class ExecProcess: Sendable {
    private struct State {
        /// While it stands here the command runs, and the guard hears what is told.
        var guardian: StandingGuard?
        /// What it is to be told, if it is not there yet.
        var signal: GuardSignal?
        var isOver = false
    }

    /// What is run.
    public let plan: ExecPlan
    private let state = Mutex(State())

    /// Nothing is started yet.
    public init(_ plan: ExecPlan) {
        PipeSignal.ignored
        self.plan = plan
    }

    /// TERM, after the grace KILL for everything. It may come before the start; the run ends when all is gone.
    public func terminate() { tell(.terminate) }

    /// Kills everything at once.
    public func kill() { tell(.killEverything) }

    private func tell(_ signal: GuardSignal) {
        state.withLock { state in
            state.signal = signal
            state.guardian?.tell(signal)
        }
    }

    /// Runs it to its end and holds this thread for so long. Called once.
    ///
    /// - Parameter guardian: The guard of this place; there is none before the first command and after one that broke.
    func run(_ guardian: inout StandingGuard?, buffer: UnsafeMutableRawBufferPointer) -> ExecEnd {
        var streams = CommandStreams(plan)
        // Told to end before it began: nothing is started.
        if state.withLock({ $0.signal != nil }) { return end(.terminated, streams) }
        let deadline = ContinuousClock.now + .milliseconds(plan.timeout.rawValue)
        do {
            try streams.open()
        } catch {
            return end(.broken("no pipes for the command: \(error)"), streams)
        }
        defer { streams.close() }
        let standing: StandingGuard
        do {
            standing = try start(&guardian, streams.childEnds)
        } catch {
            return end(
                .broken("cc-guard at \(plan.launch.guardPath) could not be run in \(plan.directory): \(error)"), streams
            )
        }
        streams.isStarted()
        state.withLock { state in
            state.guardian = standing
            if let signal = state.signal { standing.tell(signal) }
        }
        let (report, timedOut) = follow(standing, &streams, deadline, buffer)
        let signal = state.withLock { state in
            state.guardian = nil
            state.isOver = true
            return state.signal
        }
        if report == nil || report == .stuck {
            // It has gone, or goes: nothing more is asked of it.
            standing.end(atOnce: true)
            guardian = nil
        }
        let cause: ExecEnd.Cause =
            if timedOut {
                .timedOut
            } else if signal != nil {
                .terminated
            } else if let report {
                .program(report)
            } else {
                .broken("cc-guard ended without a word about the command")
            }
        return end(cause, streams)
    }

    /// By the guard that stands, or by a new one where that has gone.
    private func start(_ guardian: inout StandingGuard?, _ ends: [Int32]) throws(GuardTrouble) -> StandingGuard {
        if let standing = guardian {
            do throws(GuardTrouble) {
                try start(standing, ends)
                return standing
            } catch {
                standing.end(atOnce: true)
                guardian = nil
            }
        }
        let new = try StandingGuard(plan.launch)
        do throws(GuardTrouble) {
            try start(new, ends)
        } catch {
            new.end(atOnce: true)
            throw error
        }
        guardian = new
        return new
    }

    private func start(_ guardian: StandingGuard, _ ends: [Int32]) throws(GuardTrouble) {
        try guardian.start(
            plan.command, environment: plan.environment, directory: plan.directory, streams: ends)
    }

    /// Reads and writes until the guard says that the command has ended.
    private func follow(
        _ guardian: StandingGuard, _ streams: inout CommandStreams, _ deadline: ContinuousClock.Instant,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> (GuardReport?, timedOut: Bool) {
        var timedOut = false
        while true {
            var wait: Duration?
            if !timedOut {
                let left = deadline - ContinuousClock.now
                if left <= .zero {
                    timedOut = state.withLock { $0.signal == nil }
                    if timedOut { guardian.tell(.terminate) }
                } else {
                    wait = left
                }
            }
            guard streams.waitAndMove(guardian.control, atMost: wait, buffer) else { continue }
            let report = guardian.report()
            streams.readRest(buffer)
            return (report, timedOut)
        }
    }

    private func end(_ cause: ExecEnd.Cause, _ streams: CommandStreams) -> ExecEnd {
        ExecEnd(plan, cause, output: streams.output, errors: streams.errors.kept[...])
    }
}
