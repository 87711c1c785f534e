import ClusterModel
import Foundation
import Workspaces

/// What is said of a task's worktree, each thing only where it was said.
struct WorkspaceFields: Equatable, Sendable {
    /// Empty: no worktree, whatever lies below.
    var repository: String?
    var ref: String?
    var artifacts: [String]?
    var pushBranch: String?

    static let known = ["repo", "ref", "artifacts", "push-branch"]

    /// `none`, or a mapping.
    init(_ field: Field) throws {
        if case .string("none") = field.value {
            repository = ""
            return
        }
        guard case .object(let members) = field.value else {
            throw field.wrong("must be none, or a mapping with \(Self.known.joined(separator: ", "))")
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let member = Field(key: key, value: value, place: field.place)
            switch key {
            case "repo": repository = try member.text()
            case "ref": ref = try member.name()
            case "artifacts": artifacts = try member.globs()
            case "push-branch", "push_branch": pushBranch = try member.name()
            default:
                throw UsageError(
                    at: field.place,
                    "unknown field \"\(key)\" of a workspace; known are \(Self.known.joined(separator: ", "))")
            }
        }
    }

    /// What the flags say; nil when they say nothing. A path may be relative to `here`.
    init?(repo: String?, ref: String?, artifacts: [String], pushBranch: String?, here: String) {
        guard repo != nil || ref != nil || !artifacts.isEmpty || pushBranch != nil else { return nil }
        repository = repo.map { repo in
            if repo.contains("://") || repo.hasPrefix("/") || repo.contains("@") { return repo }
            return URL(fileURLWithPath: repo, relativeTo: URL(fileURLWithPath: here, isDirectory: true))
                .standardizedFileURL
                .path
        }
        self.ref = ref
        self.artifacts = artifacts.isEmpty ? nil : artifacts
        self.pushBranch = pushBranch
    }

    func over(_ base: WorkspaceFields) -> WorkspaceFields {
        var merged = self
        if merged.repository == nil { merged.repository = base.repository }
        if merged.ref == nil { merged.ref = base.ref }
        if merged.artifacts == nil { merged.artifacts = base.artifacts }
        if merged.pushBranch == nil { merged.pushBranch = base.pushBranch }
        return merged
    }

    /// - Throws: ``UsageError`` for a repository that none can be at, and for words without one.
    func workspace(place: String) throws -> Workspace? {
        if repository == "" { return nil }
        guard let repository else {
            throw UsageError(
                at: place, "a ref, artifacts and a branch to push go with a repository: give --repo, or \"repo\"")
        }
        guard repository.utf8.count <= Limits.repositoryBytes else {
            throw UsageError(at: place, "the repository's address is over \(Limits.repositoryBytes) bytes")
        }
        do throws(WorkspaceError) { _ = try RepositoryAddress(repository) } catch {
            throw UsageError(at: place, error.description)
        }
        return Workspace(
            repository: repository, ref: ref ?? "", artifacts: artifacts ?? [], pushBranch: pushBranch ?? "")
    }
}

extension Field {
    func globs() throws -> [String] {
        let globs = try texts("must be globs such as out/*.log")
        guard globs.count <= Limits.artifactGlobs, globs.allSatisfy({ $0.utf8.count <= Limits.nameBytes }) else {
            throw wrong("must be at most \(Limits.artifactGlobs) globs of at most \(Limits.nameBytes) bytes")
        }
        return globs
    }
}
