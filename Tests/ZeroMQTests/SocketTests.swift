import Testing

@testable import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(1)))
struct SocketTests {
    private func plainRouter(_ context: Context) throws -> Socket {
        let router = try Socket(context, .router)
        try router.apply(.routerDefaults)
        try router.bind("tcp://127.0.0.1:*")
        return router
    }

    private func plainDealer(_ context: Context, _ endpoint: String) throws -> Socket {
        let dealer = try Socket(context, .dealer)
        try dealer.apply(.dealerDefaults)
        try dealer.connect(endpoint)
        return dealer
    }

    @Test func framesGoThereAndBack() throws {
        let context = try Context()
        let router = try plainRouter(context)
        let dealer = try plainDealer(context, try router.lastEndpoint)
        #expect(try send([1, 2, 3], on: dealer))
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        #expect(incoming.frames.count == 2)
        #expect(incoming.payload?.bytes == [1, 2, 3])
        #expect(incoming.userID == nil)
        let peer = try #require(incoming.routingID)
        #expect(try router.send(frames: [[4], [], [5, 6]], to: peer) == .sent)
        try #require(try receive(dealer, into: &incoming))
        #expect(incoming.frames.map(\.bytes) == [[4], [], [5, 6]])
        #expect(incoming.frames.map(\.more) == [true, true, false])
        #expect(try !dealer.receive(into: &incoming))
        #expect(incoming.frames.isEmpty)
    }

    @Test func aKeptMessageIsNotOverwrittenByTheNext() throws {
        let context = try Context()
        let router = try plainRouter(context)
        let dealer = try plainDealer(context, try router.lastEndpoint)
        var incoming = Incoming()
        #expect(try send([7], on: dealer))
        try #require(try receive(router, into: &incoming))
        let kept = try #require(incoming.payload)
        #expect(try send([8], on: dealer))
        try #require(try receive(router, into: &incoming))
        #expect(kept.bytes == [7])
        #expect(incoming.payload?.bytes == [8])
    }

    @Test func aMessageOfManyFramesIsCut() throws {
        let context = try Context()
        let router = try plainRouter(context)
        let dealer = try plainDealer(context, try router.lastEndpoint)
        #expect(try send([0], on: dealer))
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        #expect(try dealer.send(frames: Array(repeating: [1], count: 100)) == .sent)
        #expect(try send([2], on: dealer))
        try #require(try receive(router, into: &incoming))
        #expect(incoming.isTruncated)
        #expect(incoming.frames.count == Incoming.maximumFrames)
        try #require(try receive(router, into: &incoming))
        #expect(!incoming.isTruncated)
        #expect(incoming.payload?.bytes == [2])
    }

    @Test func anUnknownPeerIsUnroutable() throws {
        let router = try plainRouter(try Context())
        let nobody = try #require(RoutingID([0, 1, 2, 3, 4]))
        #expect(try router.send([1], to: nobody) == .unroutable)
        #expect(try router.send(frames: [[1], [2]], to: nobody) == .unroutable)
    }

    @Test func withoutAPeerASendWouldBlock() throws {
        let dealer = try plainDealer(try Context(), "tcp://127.0.0.1:9")
        #expect(try dealer.send([1]) == .wouldBlock)
        #expect(try dealer.send(frames: [[1], [2]]) == .wouldBlock)
    }

    @Test func aFullQueueWouldBlockAndLosesNothing() throws {
        let context = try Context()
        let router = try plainRouter(context)
        let dealer = try plainDealer(context, try router.lastEndpoint)
        let frame = [UInt8](repeating: 7, count: 16 * 1024)
        #expect(try send(frame, on: dealer))
        var taken = 1
        while try taken < 100_000 && dealer.send(frame) == .sent { taken += 1 }
        #expect(taken < 100_000, "nobody reads, so the queue must fill")
        var incoming = Incoming()
        for _ in 0..<taken { try #require(try receive(router, into: &incoming)) }
        #expect(try !receive(router, into: &incoming, within: 50))
    }

    @Test func aPortInUseIsToldWithItsEndpoint() throws {
        let context = try Context()
        let first = try plainRouter(context)
        let endpoint = try first.lastEndpoint
        let second = try Socket(context, .router)
        let error = try #require(failure { try second.bind(endpoint) })
        #expect(error.code == .addressInUse)
        #expect(error.message == "\(endpoint) is in use by another program: stop it or choose another endpoint")
    }

    @Test(arguments: ["nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:99999", "carrier-pigeon://roof"])
    func aBadEndpointIsTold(_ endpoint: String) throws {
        let socket = try Socket(try Context(), .dealer)
        let error = try #require(failure { try socket.connect(endpoint) })
        #expect(error.code == .invalidEndpoint)
        #expect(error.message.contains(endpoint))
    }

    @Test func aForgottenMonitorDoesNotHoldTheContext() throws {
        let context = try Context()
        let router = try plainRouter(context)
        let endpoint = try router.lastEndpoint
        let dealer = try Socket(context, .dealer)
        try dealer.apply(.dealerDefaults)
        _ = try SocketMonitor(dealer)
        try dealer.connect(endpoint)
        var incoming = Incoming()
        #expect(try send([1], on: dealer))
        try #require(try receive(router, into: &incoming))
    }

    @Test func aBadOptionIsToldByName() throws {
        let socket = try Socket(try Context(), .dealer)
        var options = SocketOptions()
        options.sendHighWater = -5
        let error = try #require(failure { try socket.apply(options) })
        #expect(error.code == .invalidOption)
        #expect(error.message.contains("sendHighWater"))
    }

    @Test func aClosedSocketSaysSo() throws {
        let socket = try Socket(try Context(), .dealer)
        socket.close()
        socket.close()
        #expect(failure { _ = try socket.send([1]) }?.code == .closed)
        #expect(failure { try socket.connect("tcp://127.0.0.1:9") }?.code == .closed)
    }

    @Test func routingIDsHaveALimit() {
        #expect(RoutingID([]) == nil)
        #expect(RoutingID([UInt8](repeating: 1, count: 255)) != nil)
        #expect(RoutingID([UInt8](repeating: 1, count: 256)) == nil)
        #expect(RoutingID([0, 255])?.description == "00ff")
    }
}
