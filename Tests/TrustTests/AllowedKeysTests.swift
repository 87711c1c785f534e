import Foundation
import Testing
import ZeroMQ

@testable import Trust

@Suite("The list of allowed keys")
struct AllowedKeysTests {
    private let scratch: Scratch
    private let one: CurvePublicKey
    private let two: CurvePublicKey

    init() throws {
        scratch = try Scratch()
        one = try CurveKeyPair.generate().publicKey
        two = try CurveKeyPair.generate().publicKey
    }

    @Test("What is written is read again")
    func roundTrip() throws {
        let path = scratch.path + "/deep/allowed.keys"
        try AllowedKeys.edit(path) { keys throws(TrustError) in
            try keys.allow(Peer(role: .agent, name: "east"), one)
            try keys.allow(Peer(role: .admin, name: "ann"), two)
            _ = try keys.revoke("ann")
        }
        let read = try AllowedKeys.load(path)
        #expect(
            read.entries == [
                .init(peer: Peer(role: .agent, name: "east"), key: one),
                .init(peer: Peer(role: .admin, name: "ann"), key: two, isRevoked: true),
            ])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("A name has one key, and a revoked key never comes back")
    func names() throws {
        var keys = AllowedKeys()
        try keys.allow(Peer(role: .agent, name: "east"), one)
        #expect(throws: TrustError.self) { try keys.allow(Peer(role: .client, name: "east"), two) }
        #expect(throws: TrustError.self) { try keys.allow(Peer(role: .agent, name: "west"), one) }
        #expect(throws: TrustError.self) { try keys.allow(Peer(role: .agent, name: "a b"), two) }
        #expect(try keys.revoke(one.z85).peer.name == "east")
        #expect(throws: TrustError.self) { try keys.revoke("east") }
        #expect(throws: TrustError.self) { try keys.allow(Peer(role: .agent, name: "east"), one) }
        try keys.allow(Peer(role: .agent, name: "east"), two)
        #expect(try keys.revoke("east").key == two)
    }

    @Test("Each damaged line is told with its number")
    func damaged() throws {
        let key = one.z85
        for (text, words) in [
            ("agent east\n", ":1: expected"), ("# fine\n\nboss east \(key)\n", ":3: there is no role boss"),
            ("agent a/b \(key)\n", ":1: a/b can't"), ("agent east abc\n", ":1: the public key abc"),
            ("agent east \(key) removed\n", ":1: expected"),
            ("agent east \(key)\nagent west \(key)\n", "stands there twice"),
            ("agent east \(key)\nclient east \(two.z85)\n", "east has two keys"),
        ] {
            let path = try scratch.write(text)
            #expect {
                _ = try AllowedKeys.load(path)
            } throws: { error in
                "\(error)".contains(words) && "\(error)".contains(path)
            }
        }
    }

    @Test("A file that others can change is not trusted; one that is not there lets nobody in")
    func files() throws {
        let open = try scratch.write("agent east \(one.z85)\n", mode: 0o620)
        #expect { _ = try AllowedKeys.load(open) } throws: { "\($0)".contains("620") }
        #expect(try AllowedKeys.load(scratch.path + "/none").entries.isEmpty)
    }

    @Test("The list is bounded")
    func bound() throws {
        // Lines of one key each would take a minute to make: the same key with another last character that is one too.
        let line = "agent e \(one.z85) revoked\n"
        let path = try scratch.write(String(repeating: line, count: AllowedKeys.entriesAtMost + 1))
        #expect { _ = try AllowedKeys.load(path) } throws: { "\($0)".contains("more than 10000 keys") }
    }

    @Test("Many who change it at once all succeed")
    func together() async throws {
        let path = scratch.path + "/allowed.keys"
        let keys = try (0..<20).map { _ in try CurveKeyPair.generate().publicKey }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, key) in keys.enumerated() {
                group.addTask {
                    try AllowedKeys.edit(path) { list throws(TrustError) in
                        try list.allow(Peer(role: .client, name: "user-\(number)"), key)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(try AllowedKeys.load(path).entries.map(\.key)) == Set(keys))
    }
}
