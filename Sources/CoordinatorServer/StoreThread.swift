import ClusterModel
import CoordinatorCore
import CoordinatorStore
import ZeroMQ

/// Commits batch N while the loop gathers N+1. One batch at a time: the loop waits for the outcome before it hands over the next.
final class StoreThread: Sendable {
    private enum Work: Sendable {
        case commit(CommitWork)
        case stop
    }

    private let mailbox: Mailbox<Work>
    private let thread: OSThread

    init(store: SQLiteStore, answer: Mailbox<LoopMail>) throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<Work>(limit: 4, wakeUp: wakeUp)
        self.mailbox = mailbox
        thread = try OSThread(name: "store") {
            var poller = Poller()
            _ = poller.add(wakeUp)
            var work: [Work] = []
            while true {
                // A poll that fails means a descriptor of ours is closed: nothing can be stored any more.
                guard (try? poller.wait(timeoutMilliseconds: nil)) != nil else { return }
                wakeUp.drain()
                work.removeAll(keepingCapacity: true)
                mailbox.takeAll(into: &work)
                for item in work {
                    guard case .commit(let commit) = item else { return }
                    let isTaken = answer.post(.committed(Self.perform(commit, store)))
                    precondition(isTaken, "the loop's mailbox has no room for a transaction's outcome")
                }
            }
        }
    }

    private static func perform(_ work: CommitWork, _ store: SQLiteStore) -> CommitOutcome {
        do {
            if !work.records.isEmpty { try store.commit(work.records) }
        } catch {
            return .failed(error as? StoreError ?? StoreError(.broken, "\(error)"))
        }
        do {
            return .done(prompts: work.promptsWanted.isEmpty ? [] : try store.prompts(work.promptsWanted))
        } catch {
            return .unread(error as? StoreError ?? StoreError(.broken, "\(error)"))
        }
    }

    /// Hands a batch over; the outcome comes back as mail.
    func commit(_ work: CommitWork) {
        let taken = mailbox.post(.commit(work))
        precondition(taken, "the loop handed over a batch before it had the outcome of the last")
    }

    /// Ends the thread after what it has in hand.
    func stop() {
        _ = mailbox.post(.stop)
        thread.join()
    }
}
