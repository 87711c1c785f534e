import Synchronization
import Testing

@testable import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(1)))
struct DealerConnectionTests {
    @Test func itTalksBothWays() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let messages = try Recorder<[UInt8]>()
        let changes = try Recorder<ConnectionChange>()
        let connection = try DealerConnection(
            context: fixture.context, endpoint: try router.lastEndpoint, keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey, onConnectionChange: { changes.record($0) },
            onMessage: { messages.record(Array($0)) })
        try connection.send([1, 2])
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        #expect(incoming.payload?.bytes == [1, 2])
        let peer = try #require(incoming.routingID)
        #expect(try router.send(frames: [[1], [2]], to: peer) == .sent)
        #expect(try router.send([3], to: peer) == .sent)
        #expect(try messages.wait { !$0.isEmpty } == [[3]])
        #expect(connection.droppedMessages == 1)
        #expect(try changes.wait { !$0.isEmpty } == [.connected])
        #expect(connection.isConnected)
        connection.close(lingerMilliseconds: 0)
        #expect(!connection.isConnected)
        #expect(failure { try connection.send([1]) }?.code == .closed)
    }

    @Test func itComesBackAfterTheServerWasAway() throws {
        let fixture = try Fixture()
        let first = try fixture.router()
        let endpoint = try first.lastEndpoint
        let changes = try Recorder<ConnectionChange>()
        let connection = try DealerConnection(
            context: fixture.context, endpoint: endpoint, keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey, greeting: { [100] }, onConnectionChange: { changes.record($0) },
            onMessage: { _ in })
        var incoming = Incoming()
        try #require(try receive(first, into: &incoming))
        #expect(incoming.payload?.bytes == [100])
        first.close()
        #expect(try changes.wait { $0.contains(.disconnected) } == [.connected, .disconnected])
        for number in UInt8(0)..<50 { try connection.send([number]) }
        #expect(connection.unsentFrames == 50)
        let second = try bindAgain(fixture, endpoint)
        // The greeting first, then what waited, in order.
        for expected in [100] + Array(UInt8(0)..<50) {
            try #require(try receive(second, into: &incoming))
            #expect(incoming.payload?.bytes == [expected])
        }
        #expect(try changes.wait { $0.count == 3 } == [.connected, .disconnected, .connected])
    }

    @Test func aRefusedKeyIsToldOnceAndGetsInWhenAdmitted() throws {
        let context = try Context()
        let serverKeys = try CurveKeyPair.generate()
        let isAdmitted = Admission()
        let zap = try ZAPHandler(context: context) { _ in
            isAdmitted.value.load(ordering: .acquiring) ? .allow(userID: "late") : .deny(reason: "not yet")
        }
        let router = try Socket(context, .router)
        try router.apply(.routerDefaults)
        try router.curveServer(serverKeys, domain: "test")
        try router.bind("tcp://127.0.0.1:*")
        let changes = try Recorder<ConnectionChange>()
        let connection = try DealerConnection(
            context: context, endpoint: try router.lastEndpoint, keys: try CurveKeyPair.generate(),
            serverKey: serverKeys.publicKey, greeting: { [1] }, onConnectionChange: { changes.record($0) },
            onMessage: { _ in })
        let told = try changes.wait { !$0.isEmpty }
        #expect("\(told)".contains("not admitted"))
        // It must have tried again, and again been refused, without a second report.
        let deadline = MonotonicClock.milliseconds + 15_000
        var poller = Poller()
        _ = try poller.add(router)
        while zap.denials < 2 && MonotonicClock.milliseconds < deadline { _ = try poller.wait(timeoutMilliseconds: 10) }
        #expect(zap.denials >= 2)
        #expect(try changes.wait(within: 0) { _ in true } == told)
        isAdmitted.value.store(true, ordering: .releasing)
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        #expect(incoming.userID == "late")
        connection.close(lingerMilliseconds: 0)
    }

    @Test func afterAFrameThatWasTooLargeForItItComesBack() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let messages = try Recorder<Int>()
        let changes = try Recorder<ConnectionChange>()
        let connection = try DealerConnection(
            context: fixture.context, endpoint: try router.lastEndpoint, keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey, greeting: { [1] }, onConnectionChange: { changes.record($0) },
            onMessage: { messages.record($0.count) })
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        let peer = try #require(incoming.routingID)
        let tooLarge = [UInt8](repeating: 0, count: SocketOptions.defaultMaximumMessageBytes + 1)
        #expect(try router.send(tooLarge, to: peer) == .sent)
        try #require(try receive(router, into: &incoming))
        let again = try #require(incoming.routingID)
        #expect(again != peer)
        #expect(try router.send([5], to: again) == .sent)
        #expect(try messages.wait { !$0.isEmpty } == [1])
        #expect(try changes.wait { $0.count >= 3 } == [.connected, .disconnected, .connected])
        #expect(failure { try connection.send(tooLarge) }?.code == .tooLarge)
    }

    @Test func aFullOutboxSaysSoInWords() throws {
        let fixture = try Fixture()
        let endpoint = "tcp://127.0.0.1:9"
        func connection(_ limit: Int, _ byteLimit: Int) throws -> DealerConnection {
            try DealerConnection(
                context: fixture.context, endpoint: endpoint, keys: fixture.clientKeys,
                serverKey: fixture.serverKeys.publicKey, outboxLimit: limit, outboxByteLimit: byteLimit
            ) { _ in }
        }
        let few = try connection(10, 1_000_000)
        for _ in 0..<10 { try few.send([1]) }
        let error = try #require(failure { try few.send([1]) })
        #expect(error.code == .full)
        #expect(error.message.contains("10 frames") && error.message.contains(endpoint))
        let small = try connection(1000, 100)
        try small.send([UInt8](repeating: 0, count: 60))
        #expect(failure { try small.send([UInt8](repeating: 0, count: 41)) }?.code == .full)
        try small.send([UInt8](repeating: 0, count: 40))
    }

    @Test func closingSendsWhatWaits() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let connection = try DealerConnection(
            context: fixture.context, endpoint: try router.lastEndpoint, keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey
        ) { _ in }
        for number in UInt8(0)..<100 { try connection.send([number]) }
        connection.close(lingerMilliseconds: 10_000)
        var incoming = Incoming()
        for number in UInt8(0)..<100 {
            try #require(try receive(router, into: &incoming))
            #expect(incoming.payload?.bytes == [number])
        }
    }

    @Test func closingWithoutAServerTakesNoLongerThanItsLinger() throws {
        let fixture = try Fixture()
        let connection = try DealerConnection(
            context: fixture.context, endpoint: "tcp://127.0.0.1:9", keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey
        ) { _ in }
        try connection.send([1])
        let start = MonotonicClock.milliseconds
        connection.close(lingerMilliseconds: 200)
        let took = MonotonicClock.milliseconds - start
        #expect(took >= 200 && took < 10_000)
    }

    @Test func sixteenThreadsArriveEachInOrder() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let threadCount = 16
        let count = 10_000
        let connection = try DealerConnection(
            context: fixture.context, endpoint: try router.lastEndpoint, keys: fixture.clientKeys,
            serverKey: fixture.serverKeys.publicKey, outboxLimit: threadCount * count
        ) { _ in }
        let threads = try (0..<threadCount).map { index in
            try OSThread(name: "sender") {
                for number in 0..<count {
                    do {
                        try connection.send([UInt8(index), UInt8(number >> 8), UInt8(number & 255)])
                    } catch {
                        Issue.record("\(error)")
                        return
                    }
                }
            }
        }
        var next = [Int](repeating: 0, count: threadCount)
        var disorder = 0
        var incoming = Incoming()
        for _ in 0..<threadCount * count {
            try #require(try receive(router, into: &incoming))
            incoming.payload?.withUnsafeBytes { bytes in
                let number = Int(bytes[1]) << 8 | Int(bytes[2])
                if next[Int(bytes[0])] != number { disorder += 1 }
                next[Int(bytes[0])] = number + 1
            }
        }
        for thread in threads { thread.join() }
        #expect(disorder == 0)
        #expect(next == Array(repeating: count, count: threadCount))
        #expect(connection.unsentFrames == 0)
    }

    /// The listener's port is freed a moment after its socket is closed.
    private func bindAgain(_ fixture: Fixture, _ endpoint: String) throws -> Socket {
        let pause = try WakeUp()
        var poller = Poller()
        _ = poller.add(pause)
        let deadline = MonotonicClock.milliseconds + 10_000
        while true {
            do {
                return try fixture.router(endpoint)
            } catch let error as ZeroMQError where error.code == .addressInUse {
                if MonotonicClock.milliseconds > deadline { throw error }
                _ = try poller.wait(timeoutMilliseconds: 10)
            }
        }
    }
}

private final class Admission: Sendable {
    let value = Atomic(false)
}
