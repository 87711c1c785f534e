import Foundation
import Testing
import ZeroMQ

@testable import Trust

@Suite("Key files")
struct KeyFileTests {
    private let scratch: Scratch
    private let key: KeyFile

    init() throws {
        scratch = try Scratch()
        key = KeyFile(
            peer: Peer(role: .agent, name: "east"), keys: try CurveKeyPair.generate(),
            server: try CurveKeyPair.generate().publicKey)
    }

    @Test("What is saved is loaded, and never overwritten")
    func roundTrip() throws {
        let path = scratch.path + "/east.key"
        try key.save(to: path)
        #expect(try KeyFile.load(path) == key)
        #expect { try key.save(to: path) } throws: { "\($0)".contains("is there already") }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect { _ = try KeyFile.load(path) } throws: { "\($0)".contains("644") }
    }

    @Test("What is missing or wrong is told, and the secret never")
    func damaged() throws {
        let lines = key.text.split(separator: "\n").map(String.init)
        let secret = key.keys.secretZ85
        #expect { _ = try KeyFile.load(scratch.path + "/none") } throws: { "\($0)".contains("ccctl keys new") }
        var texts: [(String, String)] = []
        for word in ["role", "name", "secret", "server"] {
            texts.append((lines.filter { !$0.hasPrefix(word) }.joined(separator: "\n"), "has no \(word)"))
        }
        texts.append((key.text + "secret \(secret)\n", "secret stands there twice"))
        texts.append((key.text + "secrets \(secret)\n", "expected role, name, secret or server"))
        texts.append(
            (key.text.replacingOccurrences(of: "role agent", with: "role boss"), "a role or a name that can't be"))
        texts.append((key.text.replacingOccurrences(of: "server ", with: "server x"), "no key"))
        for (text, words) in texts {
            let path = try scratch.write(text)
            #expect {
                _ = try KeyFile.load(path)
            } throws: { error in
                "\(error)".contains(words) && !"\(error)".contains(secret)
            }
        }
    }
}
