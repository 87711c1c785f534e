import ClusterModel
import Foundation
import Glibc

/// Worktrees: made once, set back between tasks.
extension WorkspaceKeeper {
    /// Sets the place to `base`: its files, git's own state, and nothing else. The folder itself stays, since a process may stand in it.
    ///
    /// - Throws: ``WorkspaceError``.
    public func prepare(_ place: Place, base: String) async throws {
        state.withLock { $0.busy[place.repository.folder, default: 0] += 1 }
        do {
            if try await !isSetBack(place, base) { try await makeAnew(place, base) }
            guard let own = state.withLock({ $0.folders[place.path] }) else {
                throw WorkspaceError(.trouble, "git made no worktree at \(place.path)")
            }
            try Self.copy(own + "/index", to: place.index)
        } catch {
            release(place)
            throw error
        }
    }

    /// The task in it is over.
    func release(_ place: Place) {
        state.withLock { state in
            let left = state.busy[place.repository.folder, default: 1] - 1
            state.busy[place.repository.folder] = left > 0 ? left : nil
        }
    }

    /// The cheap way: from what is there. False: it did not lead to a clean worktree.
    private func isSetBack(_ place: Place, _ base: String) async throws -> Bool {
        guard let own = state.withLock({ $0.folders[place.path] }), FolderTree.exists(place.index),
            FolderTree.exists(own), FolderTree.exists(place.path), try await has(base, place)
        else { return false }
        do {
            // All that a task can leave in there (locks, a half-done merge, marks in the index) goes; two files make it a worktree.
            for name in FolderTree.names(in: own) where name != "gitdir" && name != "commondir" {
                try FolderTree.remove(own + "/" + name)
            }
            try "\(base)\n".write(toFile: own + "/HEAD", atomically: true, encoding: .utf8)
            try "gitdir: \(own)\n".write(toFile: place.path + "/.git", atomically: true, encoding: .utf8)
            try Self.copy(place.index, to: own + "/index")
            try await git.must(
                ["reset", "-q", "--hard", base], in: place.path, with: at(place, own), within: limits.localTime)
            try await git.must(["clean", "-ffdxq"], in: place.path, with: at(place, own), within: limits.localTime)
            return try await isClean(place, own, base)
        } catch {
            // What stands in the way is taken away whole; if that can't be done, making it anew says why.
            return false
        }
    }

    private func makeAnew(_ place: Place, _ base: String) async throws {
        try await turns.take(place.repository.folder) { [self] in
            try await clone(place.repository)
            if try await !has(base, place) { throw WorkspaceError(.trouble, "the commit \(base) is not here any more") }
            // A task may have put a link in its place.
            if !FolderTree.isFolder(place.path) { try FolderTree.remove(place.path) }
            try FolderTree.make(place.path)
            try FolderTree.empty(place.path)
            if let old = state.withLock({ $0.folders.removeValue(forKey: place.path) }) { try FolderTree.remove(old) }
            let bare = folder(of: place.repository)
            try await git.must(["worktree", "prune"], in: bare, within: limits.localTime)
            try await git.must(
                ["worktree", "add", "-q", "-f", "--detach", place.path, base], in: bare, within: limits.localTime)
            let pointer = try String(contentsOfFile: place.path + "/.git", encoding: .utf8)
            guard let own = pointer.split(separator: "\n").first, own.hasPrefix("gitdir: ") else {
                throw WorkspaceError(.trouble, "git made no worktree at \(place.path)")
            }
            state.withLock { $0.folders[place.path] = String(own.dropFirst(8)) }
        }
        guard let own = state.withLock({ $0.folders[place.path] }), try await isClean(place, own, base) else {
            throw WorkspaceError(.trouble, "the worktree \(place.path) is not clean though it is new")
        }
    }

    /// At `base`, with its files and no other, ignored ones neither.
    private func isClean(_ place: Place, _ own: String, _ base: String) async throws -> Bool {
        let status = try await git.must(
            ["status", "--porcelain", "--ignored", "-z"], in: place.path, with: at(place, own), within: limits.localTime
        )
        guard status.bytes.isEmpty else { return false }
        let head = try await git.must(
            ["rev-parse", "HEAD"], in: place.path, with: at(place, own), within: limits.localTime)
        return head.text == base
    }

    private func has(_ base: String, _ place: Place) async throws -> Bool {
        let bare = folder(of: place.repository)
        guard FolderTree.exists(bare) else { return false }
        return try await git.run(["cat-file", "-e", base + "^{commit}"], in: bare, within: limits.localTime).succeeded
    }

    /// By name, whatever the task wrote into `.git`.
    private func at(_ place: Place, _ own: String) -> [String: String] {
        ["GIT_DIR": own, "GIT_WORK_TREE": place.path]
    }

    static func copy(_ from: String, to: String) throws {
        do {
            if FolderTree.exists(to) { try FileManager.default.removeItem(atPath: to) }
            try FileManager.default.copyItem(atPath: from, toPath: to)
        } catch {
            throw WorkspaceError(.trouble, "\(from) can't be copied: \(error.localizedDescription)")
        }
    }
}
