import CoordinatorStore
import ZeroMQ

/// Answers questions that read the store, on a thread and connection of their own, so that the loop never waits for them.
final class QueryThread: Sendable {
    /// A question: reads, and gives the frame to send.
    struct Query: Sendable {
        var route: RoutingID
        var answer: @Sendable (SQLiteStore) -> [UInt8]
    }

    private enum Work: Sendable {
        case query(Query)
        case work(@Sendable (SQLiteStore) -> Void)
        case stop
    }

    /// Questions that may wait; one more is refused.
    static let waitingAtMost = 1000

    private let mailbox: Mailbox<Work>
    private let thread: OSThread

    init(store: SQLiteStore, answers: Mailbox<LoopMail>) throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<Work>(limit: Self.waitingAtMost + 1, wakeUp: wakeUp)
        self.mailbox = mailbox
        thread = try OSThread(name: "queries") {
            var poller = Poller()
            _ = poller.add(wakeUp)
            var work: [Work] = []
            while true {
                guard (try? poller.wait(timeoutMilliseconds: nil)) != nil else { return }
                wakeUp.drain()
                work.removeAll(keepingCapacity: true)
                mailbox.takeAll(into: &work)
                for item in work {
                    switch item {
                    case .query(let query):
                        _ = answers.post(.answer(OutgoingReply(route: query.route, frame: query.answer(store))))
                    case .work(let work): work(store)
                    case .stop: return
                    }
                }
            }
        }
    }

    /// False: too many wait already.
    func ask(_ query: Query) -> Bool {
        mailbox.count < Self.waitingAtMost && mailbox.post(.query(query))
    }

    /// Has something read that is no client's question. False: too much waits already.
    func run(_ work: @escaping @Sendable (SQLiteStore) -> Void) -> Bool {
        mailbox.count < Self.waitingAtMost && mailbox.post(.work(work))
    }

    /// Ends the thread after what it has in hand.
    func stop() {
        _ = mailbox.post(.stop)
        thread.join()
    }
}
