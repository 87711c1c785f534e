import MeteringGateway
import Testing

/// Grants every call, or lets it wait, and keeps a record of everything.
final class RecordingPermits: CallPermits {
    enum Mode: Sendable {
        case grants
        /// Until ``release()``.
        case waits
        /// Grants in the instant in which the task is cancelled.
        case grantsWhenCancelled
        case refuses(String)
    }

    struct State: Sendable {
        var mode: Mode
        var asked: [MeteredCall] = []
        var waiting: [AsyncStream<Void>.Continuation] = []
        var cancelled = 0
        var granted: [GrantedCall] = []
        var backOffs: [Int] = []
        var progress: [CallUsage] = []
        var ends: [(call: GrantedCall, end: CallEnd)] = []

        var reports: [CallReport] {
            ends.compactMap { if case .sent(let report) = $0.end { report } else { nil } }
        }
    }

    let state: Watched<State>

    init(_ mode: Mode = .grants) { state = Watched(State(mode: mode)) }

    func permit(for call: MeteredCall) async throws -> GrantedCall {
        let (wakeUps, signal) = AsyncStream.makeStream(of: Void.self)
        let mode = state.change { state in
            state.asked.append(call)
            if case .grants = state.mode {} else { state.waiting.append(signal) }
            return state.mode
        }
        switch mode {
        case .grants: break
        case .refuses(let why): throw CallRefusal(why)
        case .waits, .grantsWhenCancelled:
            for await _ in wakeUps { break }
            if case .waits = mode, Task.isCancelled {
                state.change { $0.cancelled += 1 }
                throw CancellationError()
            }
        }
        return state.change { state in
            let granted = GrantedCall(number: UInt64(state.granted.count + 1))
            state.granted.append(granted)
            return granted
        }
    }

    func release() {
        let waiting = state.change { state in
            state.mode = .grants
            defer { state.waiting = [] }
            return state.waiting
        }
        for signal in waiting { signal.yield() }
    }

    func backOff(after tries: Int, of call: MeteredCall) async throws { state.change { $0.backOffs.append(tries) } }

    func progress(_ call: GrantedCall, _ usage: CallUsage) { state.change { $0.progress.append(usage) } }

    func ended(_ call: GrantedCall, _ end: CallEnd) { state.change { $0.ends.append((call, end)) } }

    /// Holds for every run of a gateway, once it has stopped.
    func expectEachEndedOnce(sourceLocation: SourceLocation = #_sourceLocation) {
        let now = state.now
        #expect(
            now.ends.map(\.call.number).sorted() == now.granted.map(\.number).sorted(), "each grant ends once",
            sourceLocation: sourceLocation)
    }
}
