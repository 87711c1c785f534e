import ClusterModel
import Foundation
import Glibc
import Testing

@testable import Workspaces

@Suite("Worktrees of real repositories", .timeLimit(.minutes(2)))
struct WorktreeTests {
    @Test("Refs of each kind are looked up, once for a job")
    func refs() async throws {
        let bench = try await Bench()
        let second = try await bench.git(["rev-parse", "HEAD"])
        let first = try await bench.git(["rev-parse", "v1"])
        for (ref, commit) in [
            ("", second), ("main", second), ("refs/heads/main", second), ("v1", first), (first, first),
            (String(first.prefix(10)), first),
        ] {
            let base = try await bench.keeper.base(of: Workspace(repository: bench.repo, ref: ref), job: "a")
            #expect(base == commit, "\(ref)")
        }
        try await bench.git(["commit", "-q", "--allow-empty", "-m", "third"])
        let third = try await bench.git(["rev-parse", "HEAD"])
        #expect(try await bench.keeper.base(of: Workspace(repository: bench.repo, ref: "main"), job: "a") == second)
        #expect(try await bench.keeper.base(of: Workspace(repository: bench.repo, ref: "main"), job: "b") == third)
        for ref in ["nothing", "-x", "a..b", "a b", "HEAD^{/x}", "@{1}"] {
            await #expect(throws: WorkspaceError.self) {
                _ = try await bench.keeper.base(of: Workspace(repository: bench.repo, ref: ref), job: "c")
            }
        }
    }

    @Test("A patch holds new, changed, deleted and binary files, and git apply takes it")
    func patch() async throws {
        let bench = try await Bench()
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        try await bench.keeper.prepare(place, base: base)
        try bench.shell(
            "echo e >> src/a.txt; mkdir -p new/deep; printf '\\000\\377x' > new/deep/b.bin; rm .gitignore; "
                + "ln -s src/a.txt link; printf 'caf\\351\\n' > latin.txt; echo x > ignored", in: place)
        let haul = try await bench.keeper.collect(place, base: base, artifacts: ["new/**", "*.txt", "link"], push: nil)
        #expect(
            haul.changes.map { $0.kind + $0.path } == [
                "D.gitignore", "Aignored", "Alatin.txt", "Alink", "Anew/deep/b.bin", "Msrc/a.txt",
            ])
        #expect(haul.artifacts.map(\.name) == ["latin.txt", "new/deep/b.bin"], "a link is no file")
        #expect(haul.artifacts.last?.bytes == [0, 0xFF, UInt8(ascii: "x")])
        let clone = try await bench.applied(haul)
        #expect(FileManager.default.contents(atPath: clone + "/new/deep/b.bin") == Data([0, 0xFF, 0x78]))
        #expect(try String(contentsOfFile: clone + "/src/a.txt", encoding: .utf8) == "a\nb\nc\nd\ne\n")
        #expect(!FolderTree.exists(place.scratch))
    }

    @Test("What a task committed is in its patch; one that changed nothing has none")
    func commits() async throws {
        let bench = try await Bench()
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        try await bench.keeper.prepare(place, base: base)
        try bench.shell(
            "echo one > one; git add one; git -c user.name=a -c user.email=b commit -qm x; echo two > two", in: place)
        let haul = try await bench.keeper.collect(place, base: base, artifacts: [], push: nil)
        #expect(haul.changes.map(\.path) == ["one", "two"])
        try await bench.keeper.prepare(place, base: base)
        let nothing = try await bench.keeper.collect(place, base: base, artifacts: [], push: nil)
        #expect(nothing.patch.isEmpty && nothing.changeCount == 0)
    }

    @Test("The next task finds the base and nothing else, in the same folder, whatever the one before did")
    func setBack() async throws {
        let bench = try await Bench()
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        var before = stat()
        stat(place.path, &before)
        let deeds = [
            "echo x > stray; echo x > ignored; mkdir -p d/e; echo x > d/e/f; chmod 500 d/e",
            "git checkout -q -b own; git -c user.name=a -c user.email=b commit -q --allow-empty -m x",
            "git update-index --assume-unchanged src/a.txt; echo hidden >> src/a.txt",
            "git update-index --skip-worktree src/a.txt; echo hidden >> src/a.txt",
            "touch \"$(git rev-parse --git-dir)/index.lock\" \"$(git rev-parse --git-dir)/HEAD.lock\"; echo x > stray",
            "rm .git; git init -q; echo x > stray", "rm -rf .git src",
            "mkdir nested; cd nested; git init -q; echo x > y",
            "rm -rf .git; touch \"$(printf 'caf\\351')\"", "printf 'gitdir: /nowhere\\n' > .git",
            "rm -rf \"$(git rev-parse --git-dir)\"",
            "ln -s / root; rm -rf src; ln -s /tmp src",
        ]
        for deed in deeds {
            try await bench.keeper.prepare(place, base: base)
            try bench.shell(deed, in: place)
            bench.keeper.leave(place)
            try await bench.keeper.prepare(place, base: base)
            bench.keeper.leave(place)
            #expect(bench.files(place) == [".gitignore", "src"], "\(deed)")
            #expect(FolderTree.names(in: place.path + "/src") == ["a.txt"], "\(deed)")
            #expect(try String(contentsOfFile: place.path + "/src/a.txt", encoding: .utf8) == "a\nb\nc\nd\n", "\(deed)")
            let status = try await bench.git(["status", "--porcelain", "--ignored"], in: place.path)
            #expect(status.isEmpty, "\(deed): \(status)")
        }
        var after = stat()
        stat(place.path, &after)
        #expect(before.st_ino == after.st_ino, "a process may stand in it")
    }

    @Test("A slot goes from ref to ref; another repository of the slot's takes the place of the first")
    func switches() async throws {
        let bench = try await Bench()
        let old = try await bench.keeper.base(of: Workspace(repository: bench.repo, ref: "v1"), job: "a")
        let new = try await bench.keeper.base(of: bench.spec, job: "a")
        let place = try await bench.place()
        for (base, text) in [(old, "a\nb\nc\n"), (new, "a\nb\nc\nd\n"), (old, "a\nb\nc\n")] {
            try await bench.keeper.prepare(place, base: base)
            #expect(try String(contentsOfFile: place.path + "/src/a.txt", encoding: .utf8) == text)
            bench.keeper.leave(place)
        }
        try await bench.makeRepository("other")
        let other = bench.keeper.place(slot: "0", repository: try RepositoryAddress(bench.path + "/other"))
        let base = try await bench.keeper.base(of: Workspace(repository: bench.path + "/other"), job: "a")
        try bench.keeper.open(other)
        #expect(!FolderTree.exists(place.path))
        try await bench.keeper.prepare(other, base: base)
        bench.keeper.leave(other)
        try bench.keeper.open(place)
        try await bench.keeper.prepare(place, base: new)
    }

    @Test("Ten at once, each in its own; and a start after a kill takes away what was left")
    func many() async throws {
        let bench = try await Bench()
        let base = try await bench.keeper.base(of: bench.spec, job: "a")
        let hauls = try await withThrowingTaskGroup(of: (Int, WorkspaceHaul).self) { group in
            for number in 0..<10 {
                group.addTask {
                    let place = try await bench.place("\(number)")
                    try await bench.keeper.prepare(place, base: base)
                    try bench.write("\(number)", place.path + "/own-\(number)")
                    return (number, try await bench.keeper.collect(place, base: base, artifacts: [], push: nil))
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for number in 0..<10 { #expect(hauls[number]?.changes.map(\.path) == ["own-\(number)"]) }
        let next = WorkspaceKeeper(stateDirectory: bench.path + "/state", environment: [:])
        try await next.begin()
        #expect(FolderTree.names(in: bench.path + "/state/worktrees").isEmpty)
        let place = next.place(slot: "3", repository: bench.repository)
        try next.open(place)
        try await next.prepare(place, base: base)
        #expect(bench.files(place) == [".gitignore", "src"])
    }
}
