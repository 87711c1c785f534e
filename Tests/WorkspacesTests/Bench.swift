import ClusterModel
import ClusterTestKit
import Foundation
import Testing

@testable import Workspaces

/// A repository with two commits and a keeper beside it, in a folder of their own.
final class Bench: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ws-\(UUID().uuidString.prefix(8))").path
    let keeper: WorkspaceKeeper
    let repository: RepositoryAddress
    private let plain: Git

    var repo: String { path + "/repo" }
    var spec: Workspace { Workspace(repository: repo) }

    init(limits: WorkspaceLimits = WorkspaceLimits()) async throws {
        try FileManager.default.createDirectory(atPath: path + "/state", withIntermediateDirectories: true)
        keeper = WorkspaceKeeper(
            stateDirectory: path + "/state", environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"], limits: limits)
        repository = try RepositoryAddress(path + "/repo")
        plain = Git(configuration: "/dev/null", home: path, own: [:])
        try await keeper.begin()
        try await makeRepository("repo")
    }

    deinit {
        do { try FolderTree.remove(path) } catch { print("\(path) was left behind: \(error)") }
    }

    func makeRepository(_ name: String) async throws {
        let folder = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: folder + "/src", withIntermediateDirectories: true)
        try await git(["init", "-q", "-b", "main"], in: folder)
        try write("a\nb\nc\n", folder + "/src/a.txt")
        try write("ignored\n", folder + "/.gitignore")
        try await git(["add", "-A"], in: folder)
        try await git(["commit", "-q", "-m", "first"], in: folder)
        try await git(["tag", "v1"], in: folder)
        try write("a\nb\nc\nd\n", folder + "/src/a.txt")
        try await git(["commit", "-q", "-am", "second"], in: folder)
    }

    @discardableResult func git(_ arguments: [String], in folder: String? = nil) async throws -> String {
        try await plain.must(arguments, in: folder ?? repo).text
    }

    func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// What a task's shell would do in its worktree.
    func shell(_ script: String, in place: WorkspaceKeeper.Place) throws {
        let code = try SpawnedProcess.shell(script, environment: ["HOME": path], directory: place.path)
        #expect(code == 0, "\(script)")
    }

    func place(_ slot: String = "0") async throws -> WorkspaceKeeper.Place {
        let place = keeper.place(slot: slot, repository: repository)
        try keeper.open(place)
        return place
    }

    func files(_ place: WorkspaceKeeper.Place) -> [String] {
        FolderTree.names(in: place.path).filter { $0 != ".git" }
    }

    /// A fresh clone at `commit` with the patch in it.
    func applied(_ haul: WorkspaceHaul) async throws -> String {
        let folder = "\(path)/clone-\(UUID().uuidString.prefix(8))"
        try await git(["clone", "-q", repo, folder])
        try await git(["checkout", "-q", haul.base], in: folder)
        try Data(haul.patch).write(to: URL(fileURLWithPath: folder + ".patch"))
        try await git(["apply", "--index", folder + ".patch"], in: folder)
        return folder
    }
}
