import Synchronization

@testable import ZeroMQ

/// Collects what callbacks on other threads report, and lets a test wait for it.
final class Recorder<Element: Sendable>: Sendable {
    private let wakeUp: WakeUp
    private let mailbox: Mailbox<Element>
    private let seen = Mutex<[Element]>([])

    init() throws {
        wakeUp = try WakeUp()
        mailbox = Mailbox(limit: 1_000_000, wakeUp: wakeUp)
    }

    func record(_ element: Element) { precondition(mailbox.post(element), "the recorder is full") }

    /// Waits until what was recorded so far satisfies `isEnough`; returns it either way.
    @discardableResult
    func wait(within milliseconds: Int = 15_000, until isEnough: ([Element]) -> Bool) throws -> [Element] {
        var poller = Poller()
        let item = poller.add(wakeUp)
        let deadline = MonotonicClock.milliseconds + Int64(milliseconds)
        while true {
            if poller.isReadable(item) { wakeUp.drain() }
            let all = seen.withLock { seen in
                mailbox.takeAll(into: &seen)
                return seen
            }
            let remaining = deadline - MonotonicClock.milliseconds
            if isEnough(all) || remaining <= 0 { return all }
            _ = try poller.wait(timeoutMilliseconds: Int(remaining))
        }
    }
}
