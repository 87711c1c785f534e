import ClusterModel
import CoordinatorClient
import Synchronization

/// What the live line shows of a submit. Pure: the time comes in.
struct SubmitBar {
    private static let cells = 24

    /// Nil when it is not known before the end.
    let total: Int?
    private var progress = SubmitProgress(acknowledged: 0)
    private var elapsedMilliseconds: Int64 = 0

    init(total: Int?) { self.total = total }

    mutating func observe(_ progress: SubmitProgress, afterMilliseconds elapsed: Int64) {
        self.progress = progress
        elapsedMilliseconds = elapsed
    }

    /// `[=====>      ] 21 %, 210000/1000000 tasks, 45000/s`
    var line: String {
        var line = ""
        let done = Int(progress.acknowledged)
        if let total, total > 0 {
            let filled = min(Self.cells, done * Self.cells / total)
            let head = filled < Self.cells ? ">" : ""
            let bar = String(repeating: "=", count: filled) + head
            line =
                "[\(bar)\(String(repeating: " ", count: Self.cells - bar.count))] \(done * 100 / total) %, \(done)/\(total) tasks"
        } else {
            line = "\(CountText.tasks(done)) sent"
        }
        if elapsedMilliseconds > 0 { line += ", \(done * 1000 / Int(elapsedMilliseconds))/s" }
        if let reason = progress.waitsBecause { line += ", waits: \(reason)" }
        return line
    }
}

/// Draws a submit's progress on a terminal, not too often.
final class SubmitMeter: Sendable {
    private struct State {
        var bar: SubmitBar
        var line: LiveLine
        var drawnAt: ContinuousClock.Instant?
        /// Whether it was said, where no line is shown, that the coordinator takes nothing more for now.
        var saidThatItWaits = false
    }

    private static let redrawAfter = Duration.milliseconds(100)
    private let start = ContinuousClock.now
    private let quiet: Bool
    private let state: Mutex<State>

    init(total: Int?, quiet: Bool) {
        self.quiet = quiet
        state = Mutex(State(bar: SubmitBar(total: total), line: LiveLine(quiet: quiet)))
    }

    func observe(_ progress: SubmitProgress) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard state.line.isShown else {
                if !quiet, let reason = progress.waitsBecause, !state.saidThatItWaits {
                    state.saidThatItWaits = true
                    Note.say("ccctl: the submit waits: \(SafeText.oneLine(reason))")
                }
                return
            }
            let parts = (now - start).components
            state.bar.observe(
                progress, afterMilliseconds: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
            if progress.waitsBecause == nil, let drawn = state.drawnAt, now - drawn < Self.redrawAfter { return }
            state.drawnAt = now
            state.line.draw(state.bar.line)
        }
    }

    /// Takes the line away.
    func clear() { state.withLock { $0.line.clear() } }
}
