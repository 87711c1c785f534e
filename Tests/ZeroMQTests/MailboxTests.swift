import Testing

@testable import ZeroMQ

@Suite(.timeLimit(.minutes(1)))
struct MailboxTests {
    @Test func aFullMailboxRefusesAndKeepsWhatItHas() throws {
        let mailbox = Mailbox<Int>(limit: 3, wakeUp: try WakeUp())
        #expect((1...5).map { mailbox.post($0) } == [true, true, true, false, false])
        var taken: [Int] = []
        mailbox.takeAll(into: &taken)
        #expect(taken == [1, 2, 3])
        #expect(mailbox.post(6))
        mailbox.takeAll(into: &taken)
        #expect(taken == [1, 2, 3, 6])
        #expect(mailbox.count == 0)
    }

    @Test func itWakesOnlyWhenItWasEmpty() throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<Int>(limit: 10, wakeUp: wakeUp)
        var poller = Poller()
        let item = poller.add(wakeUp)
        func isAwake() throws -> Bool {
            _ = try poller.wait(timeoutMilliseconds: 0)
            return poller.isReadable(item)
        }
        #expect(try !isAwake())
        _ = mailbox.post(1)
        #expect(try isAwake())
        wakeUp.drain()
        _ = mailbox.post(2)
        #expect(try !isAwake())
        var taken: [Int] = []
        mailbox.takeAll(into: &taken)
        _ = mailbox.post(3)
        #expect(try isAwake())
    }

    @Test func manySignalsAreOne() throws {
        let wakeUp = try WakeUp()
        var poller = Poller()
        let item = poller.add(wakeUp)
        for _ in 0..<1000 { wakeUp.signal() }
        #expect(try poller.wait(timeoutMilliseconds: 0) == 1)
        wakeUp.drain()
        #expect(try poller.wait(timeoutMilliseconds: 0) == 0)
        #expect(!poller.isReadable(item))
        wakeUp.signal()
        #expect(try poller.wait(timeoutMilliseconds: 0) == 1)
    }

    @Test func noWakeUpIsLostBetweenThreads() throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<Int>(limit: 1_000_000, wakeUp: wakeUp)
        let count = 50_000
        let threads = try (0..<4).map { index in
            try OSThread(name: "poster") {
                for number in 0..<count { precondition(mailbox.post(index * count + number)) }
            }
        }
        var poller = Poller()
        let item = poller.add(wakeUp)
        var taken: [Int] = []
        while taken.count < 4 * count {
            // A lost wake-up shows as a timeout.
            try #require(try poller.wait(timeoutMilliseconds: 20_000) == 1)
            if poller.isReadable(item) { wakeUp.drain() }
            mailbox.takeAll(into: &taken)
        }
        for thread in threads { thread.join() }
        #expect(taken.count == 4 * count)
        for index in 0..<4 {
            #expect(taken.filter { $0 / count == index } == Array(index * count..<(index + 1) * count))
        }
    }
}
