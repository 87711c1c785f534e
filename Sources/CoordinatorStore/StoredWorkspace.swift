import ClusterModel
import Foundation

/// ``WorkspaceOutcome`` as it rests in the store: JSON.
struct StoredWorkspace: Codable {
    /// ``Workspace``, a part of ``StoredOptions``.
    struct Spec: Codable {
        var repository: String
        var ref: String?
        var artifacts: [String]?
        var pushBranch: String?

        init(_ workspace: Workspace) {
            repository = workspace.repository
            ref = workspace.ref.isEmpty ? nil : workspace.ref
            artifacts = workspace.artifacts.isEmpty ? nil : workspace.artifacts
            pushBranch = workspace.pushBranch.isEmpty ? nil : workspace.pushBranch
        }

        var workspace: Workspace {
            Workspace(
                repository: repository, ref: ref ?? "", artifacts: artifacts ?? [], pushBranch: pushBranch ?? "")
        }
    }

    /// A text, or what a blob is found by.
    struct Kept: Codable {
        var name: String?
        var text: String?
        var sha256: Data?
        var size: UInt64?

        init(_ content: Content, name: String? = nil) {
            self.name = name
            switch content {
            case .text(let text): self.text = text
            case .blob(let blob):
                sha256 = Data(blob.sha256)
                size = blob.size
            }
        }

        var content: Content {
            if let sha256 { return .blob(BlobRef(sha256: Array(sha256), size: size ?? 0)) }
            return .text(text ?? "")
        }
    }

    var base: String
    /// Kind and path, in turn.
    var changes: [String]
    var changeCount: UInt32
    var patch: Kept?
    var artifacts: [Kept]?
    var branch: String?

    init(_ outcome: WorkspaceOutcome) {
        base = outcome.base
        changes = outcome.changes.flatMap { [$0.kind, $0.path] }
        changeCount = outcome.changeCount
        patch = outcome.patch.map { Kept($0) }
        artifacts = outcome.artifacts.isEmpty ? nil : outcome.artifacts.map { Kept($0.content, name: $0.name) }
        branch = outcome.branch.isEmpty ? nil : outcome.branch
    }

    init(text: String) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw StoreError(.broken, "what a task did to its worktree is damaged: restore a backup")
        }
    }

    var outcome: WorkspaceOutcome {
        WorkspaceOutcome(
            base: base,
            changes: stride(from: 0, to: changes.count - 1, by: 2).map {
                .init(kind: changes[$0], path: changes[$0 + 1])
            },
            changeCount: changeCount, patch: patch?.content,
            artifacts: (artifacts ?? []).map { .init(name: $0.name ?? "", content: $0.content) }, branch: branch ?? "")
    }

    /// As it rests.
    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}
