import ClusterModel
import Foundation
import Synchronization

/// The repositories and worktrees of one agent, below its state directory.
///
/// A repository is cloned once, bare, into `repositories`. Each slot has one worktree at a path that stays, `worktrees/SLOT/REPOSITORY`, so that an
/// instance whose working directory it is can serve the next task. Between two tasks it is set back to the next one's base, and looked at
/// whether nothing of the earlier one is left. What an agent that was killed left behind is taken away at its next start.
public final class WorkspaceKeeper: Sendable {
    /// A slot's worktree of one repository.
    public struct Place: Hashable, Sendable {
        /// Whose it is.
        public let repository: RepositoryAddress
        /// Where tasks work.
        public let path: String
        /// The index as it was when the task began: what it looked at cheaply, and out of its reach by chance.
        var index: String { path + ".index" }
        /// What a look at the changes writes.
        var scratch: String { path + ".scratch" }
    }

    struct State {
        /// The base of each job, repository and ref, so that a job's patches have one base.
        var bases: [String: String] = [:]
        var order: [String] = []
        /// Git's own folder for each worktree.
        var folders: [String: String] = [:]
        /// Worktrees with a task, by repository.
        var busy: [String: Int] = [:]
    }

    let limits: WorkspaceLimits
    let git: Git
    let turns = Turns()
    let state = Mutex(State())
    private let root: String
    private let home: String

    /// - Parameter environment: the agent's own: PATH and SSH_AUTH_SOCK are taken from it, and nothing else.
    public init(stateDirectory: String, environment: [String: String], limits: WorkspaceLimits = WorkspaceLimits()) {
        root = stateDirectory
        home = stateDirectory + "/git-home"
        self.limits = limits
        git = Git(configuration: home + "/config", home: home, own: environment)
    }

    var repositories: String { root + "/repositories" }
    private var worktrees: String { root + "/worktrees" }

    /// Takes away what an earlier agent in this directory left. Before the first task.
    public func begin() async throws {
        try FolderTree.make(home)
        try FolderTree.make(repositories)
        do {
            try Git.settings.write(toFile: home + "/config", atomically: true, encoding: .utf8)
        } catch {
            throw WorkspaceError(.trouble, "\(home)/config can't be written: \(error.localizedDescription)")
        }
        try FolderTree.remove(worktrees)
        for name in FolderTree.names(in: repositories) {
            let path = repositories + "/" + name
            // A clone that was not finished is of no use.
            if name.hasSuffix(".new") {
                try FolderTree.remove(path)
            } else {
                try FolderTree.remove(path + "/worktrees")
            }
        }
    }

    /// The worktree of `slot`, such as `3` or `exec-0`.
    public func place(slot: String, repository: RepositoryAddress) -> Place {
        Place(repository: repository, path: "\(worktrees)/\(slot)/\(repository.folder)")
    }

    /// Makes the folder, empty, for a process that is to stand in it, and takes away the slot's worktrees of other repositories: nothing of this
    /// slot lives now.
    public func open(_ place: Place) throws {
        let slot = (place.path as NSString).deletingLastPathComponent
        for name in FolderTree.names(in: slot) where !name.hasPrefix(place.repository.folder) {
            try FolderTree.remove(slot + "/" + name)
            state.withLock { $0.folders[slot + "/" + name] = nil }
        }
        try FolderTree.make(place.path)
    }

    func folder(of repository: RepositoryAddress) -> String { "\(repositories)/\(repository.folder)" }

    /// What git is told beside a command on this repository: the one transport that it may use.
    func transport(_ repository: RepositoryAddress) -> [String: String] {
        ["GIT_ALLOW_PROTOCOL": repository.transport]
    }
}
