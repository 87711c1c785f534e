import ArgumentParser
import ClusterModel
import ClusterTestKit
import Foundation
import Testing

@testable import CtlCommands

@Suite struct WorkspaceTests {
    @Test func flagsAndFilesLieOverEachOther() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "job.yaml",
            """
            defaults:
              workspace: {repo: "https://host/x.git", ref: main, artifacts: [out/*], push-branch: "f/{task}"}
            tasks:
              - one
              - prompt: two
                workspace: {ref: v1}
              - prompt: three
                workspace: none
            """)
        let plain = try submission("--file", file)
        #expect(
            plain.options.map(\.workspace) == [
                Workspace(repository: "https://host/x.git", ref: "main", artifacts: ["out/*"], pushBranch: "f/{task}"),
                Workspace(repository: "https://host/x.git", ref: "v1", artifacts: ["out/*"], pushBranch: "f/{task}"),
                nil,
            ])
        let flagged = try submission("--file", file, "--repo", "/srv/y", "--artifact", "a", "--artifact", "b")
        #expect(
            flagged.options.first?.workspace
                == Workspace(repository: "/srv/y", ref: "main", artifacts: ["a", "b"], pushBranch: "f/{task}"))
        let here = FileManager.default.currentDirectoryPath
        #expect(try submission("x", "--repo", ".").options.first?.workspace?.repository == here)
    }

    @Test(arguments: [
        (["x", "--ref", "main"], "repository"), (["x", "--repo", "ext::sh -c x@y"], "no repository"),
        (["x", "--repo", "https://u:p@host/x"], "password"),
        (["x", "--repo", "/srv/x", "--directory", "/srv/y"], "not in both"),
    ])
    func mistakesAreNamed(_ row: ([String], String)) throws {
        let error = #expect(throws: UsageError.self) {
            _ = try SubmitOptions.parse(row.0).submission(now: .now())
        }
        #expect(error?.description.contains(row.1) == true, "\(error?.description ?? "")")
    }

    @Test func aFieldThatIsNoneOfAWorkspacesIsRefused() throws {
        let folder = try ScratchFolder()
        for (text, word) in [
            ("{repo: /x, branch: y}", "branch"), ("true", "mapping"), ("{repo: x}", "repository"),
            ("{repo: /x, artifacts: [1]}", "globs"),
        ] {
            let file = try folder.file("job.yaml", "tasks:\n  - prompt: x\n    workspace: \(text)\n")
            let error = #expect(throws: UsageError.self) { _ = try submission("--file", file) }
            #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
        }
    }

    @Test func refsOfRepositoriesHereBecomeCommits() async throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/repo"
        let made = try SpawnedProcess.shell(
            "git init -q -b main \"$1\"; cd \"$1\"; mkdir sub; git -c user.name=a -c user.email=b commit -q --allow-empty -m x",
            [path], environment: ["HOME": folder.path])
        #expect(made == 0)
        var job = try submission("x", "--repo", path + "/sub", "--ref", "main")
        try await job.pinRefs()
        let workspace = try #require(job.options.first?.workspace)
        #expect(workspace.ref.utf8.count == 40)
        #expect(workspace.repository.hasSuffix("/repo"))
        var bad = try submission("x", "--repo", path, "--ref", "nothing")
        await #expect(throws: UsageError.self) { try await bad.pinRefs() }
        var elsewhere = try submission("x", "--repo", "/not/here", "--ref", "main")
        try await elsewhere.pinRefs()
        #expect(elsewhere.options.first?.workspace?.ref == "main")
    }
}
