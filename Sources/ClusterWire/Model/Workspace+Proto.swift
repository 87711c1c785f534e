import ClusterModel

extension Workspace {
    /// Reads it; throws for what is over its limits or names no repository.
    public init(proto: Ccorchestrator_V1_Workspace) throws(WireError) {
        guard !proto.repository.isEmpty, proto.repository.utf8.count <= Limits.repositoryBytes else {
            throw WireError("a workspace names a repository of 1 to \(Limits.repositoryBytes) bytes")
        }
        let words = [proto.ref, proto.pushBranch] + proto.artifacts
        guard proto.artifacts.count <= Limits.artifactGlobs, words.allSatisfy({ $0.utf8.count <= Limits.nameBytes })
        else {
            throw WireError(
                "a workspace has at most \(Limits.artifactGlobs) globs, each of them, its ref and its branch of at most \(Limits.nameBytes) bytes"
            )
        }
        self.init(
            repository: proto.repository, ref: proto.ref, artifacts: proto.artifacts, pushBranch: proto.pushBranch)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_Workspace {
        var message = Ccorchestrator_V1_Workspace()
        message.repository = repository
        message.ref = ref
        message.artifacts = artifacts
        message.pushBranch = pushBranch
        return message
    }
}

extension WorkspaceOutcome {
    /// Reads it; throws for what is over its limits, and for content that never went ahead as a blob.
    public init(proto: Ccorchestrator_V1_WorkspaceOutcome) throws(WireError) {
        guard proto.base.utf8.count <= Limits.nameBytes, proto.branch.utf8.count <= Limits.nameBytes * 4 else {
            throw WireError("a worktree's base or branch has too long a name")
        }
        guard proto.changes.count <= Limits.changesListed, proto.artifacts.count <= Limits.artifacts else {
            throw WireError(
                "a worktree lists at most \(Limits.changesListed) changes and \(Limits.artifacts) artifacts")
        }
        var artifacts: [Artifact] = []
        for artifact in proto.artifacts {
            artifacts.append(
                Artifact(name: artifact.name, content: try Self.content(artifact) ?? .text("")))
        }
        self.init(
            base: proto.base, changes: proto.changes.map { Change(kind: $0.kind, path: $0.path) },
            changeCount: proto.changeCount, patch: proto.hasPatch ? try Self.content(proto.patch) : nil,
            artifacts: artifacts, branch: proto.branch)
    }

    private static func content(_ proto: Ccorchestrator_V1_NamedContent) throws(WireError) -> Content? {
        guard proto.raw.isEmpty else { throw WireError("the content of \"\(proto.name.prefix(64))\" is not uploaded") }
        return try Content.from(proto: proto.content)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_WorkspaceOutcome {
        var message = Ccorchestrator_V1_WorkspaceOutcome()
        message.base = base
        message.changes = changes.map { change in
            var file = Ccorchestrator_V1_ChangedFile()
            file.kind = change.kind
            file.path = change.path
            return file
        }
        message.changeCount = changeCount
        if let patch { message.patch.content = patch.proto }
        message.artifacts = artifacts.map { artifact in
            var named = Ccorchestrator_V1_NamedContent()
            named.name = artifact.name
            named.content = artifact.content.proto
            return named
        }
        message.branch = branch
        return message
    }
}
