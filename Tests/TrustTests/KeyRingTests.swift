import Foundation
import Testing
import ZeroMQ

@testable import Trust

@Suite("The list as a running coordinator sees it")
struct KeyRingTests {
    private func request(_ key: CurvePublicKey?) -> ZAPRequest {
        ZAPRequest(mechanism: key == nil ? "NULL" : "CURVE", domain: "d", address: "127.0.0.1", publicKey: key)
    }

    @Test(
        "A change of the file is seen at the next handshake, and by messages after a refresh; a damaged one changes nothing"
    )
    func changes() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/allowed.keys"
        let local = try CurveKeyPair.generate().publicKey
        let east = try CurveKeyPair.generate().publicKey
        let ring = try KeyRing(path: path, localKey: local)
        #expect(ring.decide(request(nil)) == .deny(reason: "NULL is not CURVE"))
        #expect(ring.decide(request(local)) == .allow(userID: "local") && ring.peer("local") == KeyRing.local)
        #expect(ring.decide(request(east)) == .deny(reason: "its key is not allowed") && ring.count == 0)
        try AllowedKeys.edit(path) { keys throws(TrustError) in try keys.allow(Peer(role: .agent, name: "east"), east) }
        #expect(ring.decide(request(east)) == .allow(userID: east.z85))
        #expect(ring.peer(east.z85) == Peer(role: .agent, name: "east"))
        // Damaged: those who were in stay in, and it is told once.
        let good = try String(contentsOfFile: path, encoding: .utf8)
        try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: path))
        guard case .unusable(let why)? = ring.refresh() else {
            Issue.record("the damaged list was taken")
            return
        }
        #expect(why.contains(path) && ring.refresh() == nil && ring.peer(east.z85) != nil)
        try Data(good.utf8).write(to: URL(fileURLWithPath: path))
        ring.refresh()
        _ = try AllowedKeys.edit(path) { keys throws(TrustError) in try keys.revoke("east") }
        #expect(ring.peer(east.z85) != nil, "it is read again only by a refresh")
        #expect(ring.refresh() == .read(allowed: 0))
        #expect(ring.peer(east.z85) == nil && ring.peer(nil) == nil)
        #expect(ring.decide(request(east)) == .deny(reason: "its key is not allowed"))
    }
}
