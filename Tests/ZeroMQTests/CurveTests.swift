import Glibc
import Testing

@testable import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(1)))
struct CurveTests {
    @Test func theUserIDArrivesWithEveryMessage() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let (dealer, _) = try fixture.dealer(try router.lastEndpoint)
        var incoming = Incoming()
        for number in UInt8(0)..<3 {
            #expect(try send([number], on: dealer))
            try #require(try receive(router, into: &incoming))
            #expect(incoming.userID == "alice")
            #expect(incoming.payload?.peerAddress == "127.0.0.1")
        }
        #expect(fixture.zap.denials == 0)
    }

    @Test func aWrongKeyIsRefusedWhileTheRightOneGoesOn() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let endpoint = try router.lastEndpoint
        let (good, _) = try fixture.dealer(endpoint)
        let (bad, badMonitor) = try fixture.dealer(endpoint, keys: try CurveKeyPair.generate())
        let failed = try #require(try wait(for: badMonitor, isFailure))
        #expect("\(failed)".contains("not admitted"))
        #expect(fixture.zap.denials >= 1)
        #expect(try bad.send([66]) == .wouldBlock)
        try expectOnly(good, router)
    }

    @Test func noKeyAtAllIsRefused() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let endpoint = try router.lastEndpoint
        let (good, _) = try fixture.dealer(endpoint)
        let bad = try Socket(fixture.context, .dealer)
        try bad.apply(.dealerDefaults)
        let monitor = try SocketMonitor(bad)
        try bad.connect(endpoint)
        #expect(try wait(for: monitor, isFailure) != nil)
        #expect(try bad.send([66]) == .wouldBlock)
        try expectOnly(good, router)
    }

    @Test func aServerWithAnotherKeyIsNotTalkedTo() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let endpoint = try router.lastEndpoint
        let (bad, monitor) = try fixture.dealer(endpoint, serverKey: try CurveKeyPair.generate().publicKey)
        #expect(try wait(for: monitor, isFailure) != nil)
        #expect(try bad.send([66]) == .wouldBlock)
    }

    @Test func withoutAHandlerNobodyGetsIn() throws {
        let context = try Context()
        let keys = try CurveKeyPair.generate()
        let router = try Socket(context, .router)
        try router.apply(.routerDefaults)
        try router.curveServer(keys, domain: "test")
        try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(context, .dealer)
        try dealer.apply(.dealerDefaults)
        try dealer.curveClient(keys, serverKey: keys.publicKey)
        let monitor = try SocketMonitor(dealer)
        try dealer.connect(try router.lastEndpoint)
        #expect(try wait(for: monitor, isFailure) != nil)
        #expect(try dealer.send([1]) == .wouldBlock)
    }

    @Test func garbageBytesDisturbNobody() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let endpoint = try router.lastEndpoint
        let (good, _) = try fixture.dealer(endpoint)
        #expect(try send([1], on: good))
        var incoming = Incoming()
        try #require(try receive(router, into: &incoming))
        let port = try #require(UInt16(endpoint.split(separator: ":").last ?? ""))
        var random = SystemRandomNumberGenerator()
        for round in 0..<20 {
            var bytes = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Half begin as a ZMTP greeting would, to get further in.
            if round % 2 == 0 { bytes.replaceSubrange(0..<12, with: [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]) }
            try writeRaw(bytes, port)
        }
        try expectOnly(good, router)
    }

    @Test func aFrameTooLargeDropsOnlyItsSender() throws {
        let fixture = try Fixture()
        let router = try fixture.router()
        let endpoint = try router.lastEndpoint
        let (good, _) = try fixture.dealer(endpoint)
        let (bad, badMonitor) = try fixture.dealer(endpoint)
        var incoming = Incoming()
        #expect(try send([1], on: good))
        try #require(try receive(router, into: &incoming))
        let largest = [UInt8](repeating: 9, count: SocketOptions.defaultMaximumMessageBytes)
        #expect(try send(largest, on: bad))
        try #require(try receive(router, into: &incoming))
        #expect(incoming.payload?.count == largest.count)
        #expect(try send(largest + [9], on: bad))
        #expect(try wait(for: badMonitor) { $0 == .disconnected } != nil)
        try expectOnly(good, router)
    }

    @Test func aMalformedZAPRequestIsAnswered400() throws {
        let fixture = try Fixture()
        let asker = try Socket(fixture.context, .req)
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        try asker.apply(options)
        try asker.connect(ZAPHandler.endpoint)
        let version = Array("1.0".utf8)
        let address = Array("127.0.0.1".utf8)
        let curve = Array("CURVE".utf8)
        let malformed: [[[UInt8]]] = [
            [[]], [version, [1]], [Array("2.0".utf8), [1], [], address, [], curve, fixture.clientKeys.publicKey.bytes],
            [version, [1], [], address, [], curve, [1, 2, 3]], [version, [1], [], address, [], curve],
        ]
        var incoming = Incoming()
        for (index, request) in malformed.enumerated() {
            #expect(try asker.send(frames: request) == .sent)
            try #require(try receive(asker, into: &incoming))
            #expect(incoming.frames.count == 6)
            #expect(incoming.frames[2].bytes == Array("400".utf8))
            #expect(fixture.zap.denials == index + 1)
        }
        let good = [
            version, [1], Array(Fixture.domain.utf8), address, [], curve, fixture.clientKeys.publicKey.bytes,
        ]
        #expect(try asker.send(frames: good) == .sent)
        try #require(try receive(asker, into: &incoming))
        #expect(incoming.frames[2].bytes == Array("200".utf8))
        #expect(incoming.frames[4].bytes == Array("alice".utf8))
    }

    @Test func aKeySurvivesItsTextAndHidesItsSecret() throws {
        let keys = try CurveKeyPair.generate()
        #expect(try CurveKeyPair(secretZ85: keys.secretZ85) == keys)
        #expect(try CurvePublicKey(z85: keys.publicKey.z85) == keys.publicKey)
        var dumped = ""
        dump(keys, to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), dumped] {
            #expect(!text.contains(keys.secretZ85))
            #expect(!text.contains("\(keys.secret)"))
            #expect(!text.contains("secret"))
        }
        for text in [
            "", "short", String(repeating: "\"", count: 40), keys.secretZ85 + "0", String(repeating: "é", count: 20),
        ] {
            #expect(failure { _ = try CurveKeyPair(secretZ85: text) }?.code == .invalidKey)
            #expect(failure { _ = try CurvePublicKey(z85: text) }?.code == .invalidKey)
        }
    }

    /// The next message at the router is the good dealer's, and no other follows.
    private func expectOnly(_ good: Socket, _ router: Socket) throws {
        var incoming = Incoming()
        #expect(try send([42], on: good))
        try #require(try receive(router, into: &incoming))
        #expect(incoming.payload?.bytes == [42])
        #expect(incoming.userID == "alice")
        #expect(try !receive(router, into: &incoming, within: 100))
    }

    private func writeRaw(_ bytes: [UInt8], _ port: UInt16) throws {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(file != -1)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        // The server may hang up in the middle: no signal, and no matter how much it took.
        _ = Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(file, Int32(SHUT_WR))
        var answer = [UInt8](repeating: 0, count: 256)
        _ = recv(file, &answer, answer.count, 0)
    }
}
