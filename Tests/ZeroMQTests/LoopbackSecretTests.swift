import Foundation
import Testing

@testable import ZeroMQ

@Suite(.timeLimit(.minutes(1)))
struct LoopbackSecretTests {
    /// A scratch directory that goes with the test.
    private final class Scratch {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "loopback-secret-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }

        deinit {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func itIsMadeOnceAndReadAfterwards() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a/b/loopback.secret"
        let made = try LoopbackSecret.loadOrCreate(path: path)
        #expect(try LoopbackSecret.loadOrCreate(path: path) == made)
        #expect(try mode(path) == 0o600)
        #expect(try mode(scratch.path + "/a") == 0o700)
        #expect(try mode(scratch.path + "/a/b") == 0o700)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == made.secretZ85 + "\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/a/b") == ["loopback.secret"])
    }

    @Test func programsThatRaceGetOneKey() throws {
        let scratch = try Scratch()
        for round in 0..<20 {
            let path = scratch.path + "/\(round)/loopback.secret"
            let found = try Recorder<CurveKeyPair>()
            let threads = try (0..<8).map { _ in
                try OSThread(name: "racer") {
                    do {
                        found.record(try LoopbackSecret.loadOrCreate(path: path))
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            for thread in threads { thread.join() }
            let keys = try found.wait(within: 0) { _ in true }
            #expect(keys.count == 8)
            #expect(Set(keys).count == 1)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func aFileThatOthersCanReadIsRefused(_ mode: Int) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/loopback.secret"
        _ = try LoopbackSecret.loadOrCreate(path: path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = try #require(failure { _ = try LoopbackSecret.loadOrCreate(path: path) })
        #expect(error.code == .secretFile)
        #expect(error.message.contains(path) && error.message.contains(String(mode, radix: 8)))
    }

    @Test func aFileOfAnotherUserIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/loopback.secret"
        // Only root can give files away; others look at a file of root's.
        let isRoot = geteuid() == 0
        if isRoot {
            _ = try LoopbackSecret.loadOrCreate(path: path)
            try #require(chown(path, 65534, 65534) == 0)
        }
        let error = try #require(failure { _ = try LoopbackSecret.loadOrCreate(path: isRoot ? path : "/etc/hostname") })
        #expect(error.message.contains("belongs to user"))
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        let scratch = try Scratch()
        let real = scratch.path + "/real"
        _ = try LoopbackSecret.loadOrCreate(path: real)
        let link = scratch.path + "/link"
        try #require(symlink(real, link) == 0)
        #expect(failure { _ = try LoopbackSecret.loadOrCreate(path: link) }?.message.contains("symbolic link") == true)
        let pipe = scratch.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, scratch.path] {
            let error = try #require(failure { _ = try LoopbackSecret.loadOrCreate(path: path) })
            #expect(error.message.contains("not a regular file"))
        }
    }

    @Test(arguments: ["", "short\n", String(repeating: "\"", count: 40), String(repeating: "0", count: 41) + "\n"])
    func aFileWithSomethingElseIsRefusedAndLeftAlone(_ content: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/loopback.secret"
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data(content.utf8), attributes: [.posixPermissions: 0o600]))
        let error = try #require(failure { _ = try LoopbackSecret.loadOrCreate(path: path) })
        #expect(error.message.contains("does not hold a secret key"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }

    @Test func aPlaceThatCannotBeMadeIsTold() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: Data()))
        let error = try #require(failure { _ = try LoopbackSecret.loadOrCreate(path: file + "/below/secret") })
        #expect(error.code == .secretFile)
    }

    @Test func theDefaultPathFollowsTheEnvironment() {
        let path = "/home/me/.local/state/cc-orchestrator/loopback.secret"
        #expect(LoopbackSecret.defaultPath(environment: ["HOME": "/home/me"]) == path)
        #expect(LoopbackSecret.defaultPath(environment: ["HOME": "/home/me", "CCO_SECRET_FILE": ""]) == path)
        #expect(LoopbackSecret.defaultPath(environment: ["HOME": "/home/me", "CCO_SECRET_FILE": "/s"]) == "/s")
        #expect(LoopbackSecret.defaultPath(environment: [:]) == nil)
    }
}
