import ClusterModel
import CoordinatorStore
import Foundation
import Synchronization
import ZeroMQ

/// Copies of the store, one at a time, on a thread of its own each.
final class Backups: Sendable {
    typealias Answer = @Sendable (Result<BackupReport, StoreError>) -> Void

    private struct State {
        var underWay: String?
        /// Who waits for it: the request may come again before it has ended.
        var waiting: [Answer] = []
        /// The last one that went well.
        var done: (directory: String, report: BackupReport)?
    }

    /// Requests for one backup that wait at once.
    static let waitingAtMost = 100

    private let state = Mutex(State())

    /// False: another is under way, or too many wait for this one.
    func begin(to directory: String, store: SQLiteStore, at now: WallTime, answer: @escaping Answer) -> Bool {
        enum Step { case run, wait, busy, done(BackupReport) }
        let step = state.withLock { state -> Step in
            if let done = state.done, done.directory == directory, FileManager.default.fileExists(atPath: directory) {
                return .done(done.report)
            }
            if let underWay = state.underWay {
                guard underWay == directory, state.waiting.count < Self.waitingAtMost else { return .busy }
                state.waiting.append(answer)
                return .wait
            }
            state.underWay = directory
            state.waiting = [answer]
            return .run
        }
        switch step {
        case .busy: return false
        case .wait: return true
        case .done(let report):
            answer(.success(report))
            return true
        case .run: break
        }
        do {
            _ = try OSThread(name: "backup") { self.run(to: directory, store, now) }
        } catch {
            end(.failure(StoreError(.broken, "no thread could be started for the backup: \(error)")), directory)
        }
        return true
    }

    private func run(to directory: String, _ store: SQLiteStore, _ now: WallTime) {
        let result: Result<BackupReport, StoreError>
        do { result = .success(try store.backup(to: directory, version: Product.version, at: now)) } catch {
            result = .failure(error as? StoreError ?? StoreError(.broken, "\(error)"))
        }
        end(result, directory)
    }

    private func end(_ result: Result<BackupReport, StoreError>, _ directory: String) {
        let waiting = state.withLock { state -> [Answer] in
            if case .success(let report) = result { state.done = (directory, report) }
            state.underWay = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for answer in waiting { answer(result) }
    }
}
