import ClusterModel
import Foundation
import Testing

@testable import Workspaces

@Suite("What worktrees are held to", .timeLimit(.minutes(2)))
struct BoundsTests {
    @Test(
        "Addresses that run commands, hold passwords or are none are refused",
        arguments: [
            "ext::sh -c x", "-x", "", "relative/path", "https://user:secret@host/x", "javascript://x", "a b://c",
            "fd::17", "host:path",
        ])
    func refused(_ text: String) {
        #expect(throws: WorkspaceError.self) { _ = try RepositoryAddress(text) }
    }

    @Test("Others are taken, each with a folder of its own")
    func taken() throws {
        let texts = [
            "/srv/git/x.git", "https://host/x.git", "ssh://git@host/x", "git@host:team/x.git", "file:///srv/x",
            "https://host/y/x.git", "/srv/with space/x",
        ]
        let folders = try texts.map { try RepositoryAddress($0).folder }
        #expect(Set(folders).count == texts.count)
        #expect(folders.allSatisfy { $0.hasPrefix("x-") && !$0.contains("/") })
    }

    @Test("Hooks, filters and prompts of a repository or a user are not run")
    func hooks() async throws {
        let bench = try await Bench()
        let mark = bench.path + "/hook-ran"
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        for name in ["post-checkout", "reference-transaction", "post-index-change"] {
            let hook = bench.keeper.folder(of: bench.repository) + "/hooks/" + name
            try FolderTree.make((hook as NSString).deletingLastPathComponent)
            try bench.write("#!/bin/sh\ntouch \(mark)\n", hook)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        }
        try bench.write("[core]\n\tfsmonitor = touch \(mark)\n\thooksPath = /tmp\n", bench.path + "/.gitconfig")
        let place = try await bench.place()
        try await bench.keeper.prepare(place, base: base)
        try bench.write("x", place.path + "/x")
        _ = try await bench.keeper.collect(place, base: base, artifacts: [], push: nil)
        try await bench.keeper.prepare(place, base: base)
        #expect(!FolderTree.exists(mark))
    }

    @Test("A patch and artifacts over their limits fail in words that name them")
    func sizes() async throws {
        var limits = WorkspaceLimits()
        limits.patchBytes = 1000
        limits.artifactBytes = 500
        let bench = try await Bench(limits: limits)
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        for (script, artifacts, word) in [
            ("head -c 5000 /dev/urandom > big", [], "patch"),
            ("head -c 600 /dev/zero > ignored; rm .gitignore", ["ignored"], "artifacts"),
        ] as [(String, [String], String)] {
            try await bench.keeper.prepare(place, base: base)
            try bench.shell(script, in: place)
            let error = await #expect(throws: WorkspaceError.self) {
                _ = try await bench.keeper.collect(place, base: base, artifacts: artifacts, push: nil)
            }
            #expect(error?.kind == .refused && error?.description.contains(word) == true, "\(error?.description ?? "")")
        }
    }

    @Test("The clone that was not used for longest makes room, and comes back when it is asked for")
    func room() async throws {
        var limits = WorkspaceLimits()
        limits.repositories = 2
        let bench = try await Bench(limits: limits)
        var bases: [String] = []
        for name in ["one", "two", "three"] {
            try await bench.makeRepository(name)
            bases.append(try await bench.keeper.base(of: Workspace(repository: bench.path + "/" + name), job: "a"))
        }
        #expect(FolderTree.names(in: bench.keeper.repositories).count == 2)
        let first = bench.keeper.place(slot: "0", repository: try RepositoryAddress(bench.path + "/one"))
        try bench.keeper.open(first)
        try await bench.keeper.prepare(first, base: bases[0])
        #expect(bench.files(first) == [".gitignore", "src"])
    }

    @Test("A git command over its time is ended, and said so")
    func time() async throws {
        let bench = try await Bench()
        let git = Git(configuration: "/dev/null", home: bench.path, own: [:])
        let error = await #expect(throws: WorkspaceError.self) {
            _ = try await git.run(["-c", "alias.wait=!sleep 100", "wait"], in: bench.repo, within: 200)
        }
        #expect(error?.kind == .trouble && error?.description.contains("longer than") == true)
    }

    @Test("A branch is pushed once, under a name with its attempt, and nothing is overwritten")
    func push() async throws {
        let bench = try await Bench()
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        func token(_ attempt: UInt32) -> AttemptToken {
            AttemptToken(
                store: StoreID(rawValue: 7), task: TaskID(job: JobID(rawValue: 3), index: 4), attempt: attempt)
        }
        func go(_ order: PushOrder, _ text: String) async throws -> String {
            try await bench.keeper.prepare(place, base: base)
            try bench.write(text, place.path + "/new")
            return try await bench.keeper.collect(place, base: base, artifacts: [], push: order).branch
        }
        let first = PushOrder(template: "fleet", token: token(1), message: "Task 3.4")
        #expect(first.branch == "fleet-3-4-a1")
        #expect(PushOrder(template: "x/{job}/{index}/{attempt}", token: token(2), message: "").branch == "x/3/4/2")
        #expect(try await go(first, "one") == "fleet-3-4-a1")
        await #expect(throws: WorkspaceError.self) { _ = try await go(first, "two") }
        #expect(
            try await go(PushOrder(template: "fleet", token: token(2), message: "again"), "three") == "fleet-3-4-a2")
        #expect(try await bench.git(["show", "fleet-3-4-a1:new"]) == "one")
        #expect(try await bench.git(["log", "-1", "--format=%s %an", "fleet-3-4-a1"]) == "Task 3.4 cc-orchestrator")
        #expect(try await bench.git(["rev-parse", "fleet-3-4-a2^"]) == base)
        await #expect(throws: WorkspaceError.self) {
            _ = try await go(PushOrder(template: "bad..name", token: token(3), message: "x"), "four")
        }
    }
}
