import ClusterModel
import Foundation
import Glibc

/// What is taken from a worktree.
extension WorkspaceKeeper {
    /// Looks at what the task changed and takes it, artifacts too; pushes it if that was asked for. The place is free afterwards, whatever comes of it.
    ///
    /// - Throws: ``WorkspaceError``; also when the patch or the artifacts are over their limits.
    public func collect(_ place: Place, base: String, artifacts: [String], push: PushOrder?) async throws
        -> WorkspaceHaul
    {
        defer { release(place) }
        var haul = WorkspaceHaul(base: base)
        let bare = folder(of: place.repository)
        try FolderTree.remove(place.scratch)
        try FolderTree.make(place.scratch + "/objects")
        try Self.copy(place.index, to: place.scratch + "/index")
        // Objects go beside the clone, and away afterwards: a look leaves nothing behind.
        let around = [
            "GIT_DIR": bare, "GIT_WORK_TREE": place.path, "GIT_INDEX_FILE": place.scratch + "/index",
            "GIT_OBJECT_DIRECTORY": place.scratch + "/objects", "GIT_ALTERNATE_OBJECT_DIRECTORIES": bare + "/objects",
        ]
        do {
            try await git.must(["add", "-A"], in: place.path, with: around, within: limits.localTime, kind: .refused)
            let plain = ["diff", "--cached", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"]
            let names = try await git.must(
                plain + ["--name-status", "-z", base], in: place.path, with: around, limit: 64 << 20,
                within: limits.localTime)
            Self.read(names.bytes, into: &haul)
            if haul.changeCount > 0 {
                haul.patch = try await patch(plain, base, place, around)
            }
            haul.artifacts = try files(artifacts, in: place)
            if let push, haul.changeCount > 0 {
                try await self.push(push, base, place, around)
                haul.branch = push.branch
            }
            try FolderTree.remove(place.scratch)
            return haul
        } catch {
            try FolderTree.remove(place.scratch)
            throw error
        }
    }

    /// Its task was not run to an end, so nothing is taken.
    public func leave(_ place: Place) { release(place) }

    private func patch(_ plain: [String], _ base: String, _ place: Place, _ around: [String: String]) async throws
        -> [UInt8]
    {
        let output: Git.Output
        do {
            output = try await git.run(
                plain + ["--binary", "--full-index", "--src-prefix=a/", "--dst-prefix=b/", base], in: place.path,
                with: around, limit: limits.patchBytes, within: limits.localTime)
        } catch let error as WorkspaceError where error.kind == .refused {
            throw WorkspaceError(.refused, "the task's patch is over the limit of \(limits.patchBytes) bytes")
        }
        guard output.succeeded else { throw WorkspaceError(.trouble, "git diff failed: \(output.errors.prefix(600))") }
        return output.bytes
    }

    private static func read(_ bytes: [UInt8], into haul: inout WorkspaceHaul) {
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        haul.changeCount = words.count / 2
        var listed = 0
        for place in stride(from: 0, to: words.count - 1, by: 2) {
            listed += words[place + 1].utf8.count
            guard haul.changes.count < Limits.changesListed, listed <= Limits.changesListedBytes else { break }
            haul.changes.append(.init(kind: words[place], path: words[place + 1]))
        }
    }

    private func push(_ order: PushOrder, _ base: String, _ place: Place, _ around: [String: String]) async throws {
        let repository = place.repository
        let name = "refs/heads/" + order.branch
        try await git.must(["check-ref-format", name], in: place.path, within: limits.localTime, kind: .refused)
        let tree = try await git.must(["write-tree"], in: place.path, with: around, within: limits.localTime).text
        let commit = try await git.must(
            ["commit-tree", tree, "-p", base, "-m", order.message], in: place.path, with: around,
            within: limits.localTime
        ).text
        // A lease on nothing: the branch must not be there yet, so that no attempt overwrites what another one pushed.
        try await git.must(
            ["push", "-q", "--no-verify", "--force-with-lease=\(name):", repository.text, "\(commit):\(name)"],
            in: place.path, with: around.merging(transport(repository)) { $1 }, within: limits.remoteTime)
    }

    // MARK: Artifacts

    /// Regular files that a glob names, found without following a link.
    private func files(_ globs: [String], in place: Place) throws -> [(name: String, bytes: [UInt8])] {
        let globs = globs.map(Glob.init)
        guard !globs.isEmpty else { return [] }
        var found: [(name: String, bytes: [UInt8])] = []
        var bytes = 0
        var seen = 0
        var folders = [""]
        while let folder = folders.popLast() {
            for name in FolderTree.names(in: place.path + "/" + folder) where !(folder.isEmpty && name == ".git") {
                let path = folder.isEmpty ? name : folder + "/" + name
                seen += 1
                guard seen <= limits.filesWalked else {
                    throw WorkspaceError(
                        .refused, "artifacts are looked for among \(limits.filesWalked) files at the most")
                }
                var info = stat()
                guard lstat(place.path + "/" + path, &info) == 0 else { continue }
                if info.st_mode & S_IFMT == S_IFDIR { folders.append(path) }
                guard info.st_mode & S_IFMT == S_IFREG, globs.contains(where: { $0.matches(path) }) else { continue }
                bytes += Int(info.st_size)
                guard found.count < Limits.artifacts, bytes <= limits.artifactBytes else {
                    throw WorkspaceError(
                        .refused,
                        "the artifacts are more than \(Limits.artifacts) files or \(limits.artifactBytes) bytes: \(path.prefix(200)) is one too many"
                    )
                }
                guard let content = FileManager.default.contents(atPath: place.path + "/" + path) else {
                    throw WorkspaceError(.refused, "the artifact \(path.prefix(200)) can't be read")
                }
                found.append((path, Array(content.prefix(Int(info.st_size)))))
            }
        }
        return found.sorted { $0.name < $1.name }
    }
}
