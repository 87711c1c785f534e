import ArgumentParser
import ClusterModel
import Foundation
import Workspaces

/// The worktree that tasks work in: flags of `submit` and `run`.
struct WorkspaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Work in a git worktree of this repository: a URL, or a path on the agent's host.", valueName: "repo"))
    var repo: String?

    @Option(
        help: ArgumentHelp("With --repo: the branch, tag or commit to start from. Default: its head", valueName: "ref"))
    var ref: String?

    @Option(
        help: ArgumentHelp(
            "With --repo: files to keep with the result, such as out/*.log; repeat it.", valueName: "glob"))
    var artifact: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --repo: push each task's changes to a branch; {task} and {attempt} are filled in.", valueName: "name")
    )
    var pushBranch: String?

    /// Nil when nothing is said.
    var fields: WorkspaceFields? {
        WorkspaceFields(
            repo: repo, ref: ref, artifacts: artifact, pushBranch: pushBranch,
            here: FileManager.default.currentDirectoryPath)
    }
}

extension Submission {
    /// A ref of a repository on this host becomes the commit that it is now, so that all tasks start from the same one.
    mutating func pinRefs() async throws {
        let git = Git(user: ProcessInfo.processInfo.environment)
        var known: [Workspace: Workspace] = [:]
        for row in options.indices {
            guard let asked = options[row].workspace, asked.repository.hasPrefix("/") else { continue }
            if known[asked] == nil { known[asked] = try await Self.pinned(asked, git) }
            options[row].workspace = known[asked]
        }
    }

    private static func pinned(_ asked: Workspace, _ git: Git) async throws -> Workspace {
        // On the agent's host it may be there all the same.
        guard FileManager.default.fileExists(atPath: asked.repository) else { return asked }
        let root = try await git.run(["rev-parse", "--show-toplevel"], in: asked.repository)
        var pinned = asked
        if root.succeeded, !root.text.isEmpty { pinned.repository = root.text }
        let ref = asked.ref.isEmpty ? "HEAD" : asked.ref
        let found = try await git.run(
            ["rev-parse", "--verify", "-q", "--end-of-options", ref + "^{commit}"], in: asked.repository)
        guard found.succeeded else {
            throw UsageError("\(asked.repository) has no \(ref): give a branch, a tag or a commit of it")
        }
        pinned.ref = found.text
        return pinned
    }
}
