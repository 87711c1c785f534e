import ClusterModel
import Foundation
import Glibc

/// Clones, and the commits that refs mean.
extension WorkspaceKeeper {
    /// The commit that a task of `job` starts from. A ref is looked up once for each job: its other tasks get the same commit.
    ///
    /// - Parameter job: names the job over all stores.
    /// - Throws: ``WorkspaceError``.
    public func base(of workspace: Workspace, job: String) async throws -> String {
        let repository = try RepositoryAddress(workspace.repository)
        try Self.check(ref: workspace.ref)
        let key = [job, workspace.repository, workspace.ref].joined(separator: "\u{1f}")
        return try await turns.take(repository.folder) { [self] in
            if let known = state.withLock({ $0.bases[key] }) { return known }
            try await clone(repository)
            let base = try await lookUp(workspace.ref, in: repository)
            state.withLock { state in
                state.bases[key] = base
                state.order.append(key)
                if state.order.count > limits.bases { state.bases[state.order.removeFirst()] = nil }
            }
            return base
        }
    }

    private static func check(ref: String) throws(WorkspaceError) {
        let isOdd = ref.unicodeScalars.contains {
            $0.value <= 0x20 || $0.value == 0x7F || "~^:?*[\\".unicodeScalars.contains($0)
        }
        guard !isOdd, !ref.hasPrefix("-"), !ref.contains(".."), !ref.contains("@{") else {
            throw WorkspaceError(.refused, "\"\(ref.prefix(100))\" is no ref: give a branch, a tag or a commit")
        }
    }

    private static func isWholeCommit(_ ref: String) -> Bool {
        (ref.utf8.count == 40 || ref.utf8.count == 64) && ref.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// The repository's bare clone, made if there is none. In its turn.
    func clone(_ repository: RepositoryAddress) async throws {
        let path = folder(of: repository)
        if FolderTree.exists(path + "/HEAD") {
            // What was used lately stays longest.
            utimensat(AT_FDCWD, path, nil, 0)
            return
        }
        try makeRoom()
        let new = path + ".new"
        try FolderTree.remove(new)
        try await git.must(["init", "-q", "--bare", new], in: repositories, within: limits.localTime)
        try await fetch(repository, into: new)
        guard rename(new, path) == 0 else {
            throw WorkspaceError(.trouble, "\(path) can't be made: \(String(cString: strerror(errno)))")
        }
    }

    /// The clone that was not used for longest goes, when there are as many as may be.
    private func makeRoom() throws {
        let names = FolderTree.names(in: repositories).filter { !$0.hasSuffix(".new") }
        guard names.count >= limits.repositories else { return }
        let busy = state.withLock(\.busy)
        let idle = names.filter { busy[$0, default: 0] == 0 }.map { name -> (name: String, used: Int) in
            var info = stat()
            return (name, stat(repositories + "/" + name, &info) == 0 ? Int(info.st_mtim.tv_sec) : 0)
        }
        guard let oldest = idle.min(by: { ($0.used, $0.name) < ($1.used, $1.name) }) else {
            throw WorkspaceError(
                .trouble,
                "this agent keeps \(limits.repositories) repositories at the most, and tasks work in all of them")
        }
        try FolderTree.remove(repositories + "/" + oldest.name)
    }

    private func fetch(_ repository: RepositoryAddress, into path: String, _ refs: [String] = []) async throws {
        let all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        try await git.must(
            ["fetch", "-q", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"]
                + (refs.isEmpty ? ["--prune"] : [])
                + [repository.text] + (refs.isEmpty ? all : refs),
            in: path, with: transport(repository), within: limits.remoteTime)
    }

    private func lookUp(_ ref: String, in repository: RepositoryAddress) async throws -> String {
        let path = folder(of: repository)
        if Self.isWholeCommit(ref) {
            if let known = try await commit(ref, path) { return known }
            try await fetch(repository, into: path)
            if let known = try await commit(ref, path) { return known }
            // Not below any branch or tag: a server may give it by its name all the same.
            try await fetch(repository, into: path, [ref])
            if let known = try await commit(ref, path) { return known }
        } else if ref.isEmpty {
            try await fetch(repository, into: path, ["+HEAD:refs/cc/head"])
            if let known = try await commit("refs/cc/head", path) { return known }
        } else {
            try await fetch(repository, into: path)
            let short = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : ref
            for name in ["refs/remotes/origin/\(short)", "refs/tags/\(ref)", ref] {
                if let known = try await commit(name, path) { return known }
            }
        }
        throw WorkspaceError(.refused, "\(repository.text) has no \(ref.isEmpty ? "head" : ref.debugDescription)")
    }

    private func commit(_ name: String, _ path: String) async throws -> String? {
        let found = try await git.run(
            ["rev-parse", "--verify", "-q", "--end-of-options", name + "^{commit}"], in: path, within: limits.localTime)
        return found.succeeded ? found.text : nil
    }
}
