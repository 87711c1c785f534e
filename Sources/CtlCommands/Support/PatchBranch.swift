import ClusterModel
import CoordinatorClient
import Foundation
import Workspaces

/// One branch of a job's patches, a commit each, made in a worktree of its own: the user's checkout is not touched.
struct PatchBranch {
    /// What became of one task's patch.
    enum Outcome: Hashable {
        case applied
        /// By merging: the files had been changed by an earlier patch in other places.
        case merged
        /// These files did not fit; the patch was left out.
        case conflict(files: [String])
        /// The task changed nothing, or nothing that is not there already.
        case empty
    }

    struct Row: Hashable {
        var task: TaskID
        var name: String
        var outcome: Outcome

        var isLeftOut: Bool { if case .conflict = outcome { true } else { false } }
    }

    let git: Git
    /// For commits, where the user has no name of their own.
    private static let stranger = [
        "GIT_AUTHOR_NAME": "ccctl", "GIT_AUTHOR_EMAIL": "ccctl@localhost", "GIT_COMMITTER_NAME": "ccctl",
        "GIT_COMMITTER_EMAIL": "ccctl@localhost",
    ]
    let repository: String
    let branch: String
    let onto: String?
    let replaces: Bool

    init(repository: String, branch: String, onto: String?, replaces: Bool) {
        git = Git(user: ProcessInfo.processInfo.environment)
        self.repository = repository
        self.branch = branch
        self.onto = onto
        self.replaces = replaces
    }

    /// Looks at everything that can be wrong before the first patch is fetched.
    func check() async throws {
        guard try await git.run(["rev-parse", "--git-dir"], in: repository).succeeded else {
            throw UsageError("\(repository) is no git repository: name one with --repo")
        }
        guard try await git.run(["check-ref-format", "--branch", branch], in: repository).succeeded else {
            throw UsageError("\"\(branch)\" is no name for a branch")
        }
        if try await commit("refs/heads/\(branch)") != nil, !replaces {
            throw UsageError("the branch \(branch) is there already: give another name, or --force to replace it")
        }
    }

    /// Applies the patches in their order.
    ///
    /// - Parameter next: the next task's result and patch; nil after the last.
    func make(bases: Set<String>, _ next: () async throws -> (result: TaskResult, patch: [UInt8])?) async throws
        -> [Row]
    {
        let start = try await start(bases)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ccctl-apply-\(UUID().uuidString)")
            .path
        let tree = folder + "/tree"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do {
            try await git.must(
                ["worktree", "add", "-q", "--detach", tree, start], in: repository, within: .seconds(600))
            var rows: [Row] = []
            while let (result, patch) = try await next() {
                let outcome: Outcome = patch.isEmpty ? .empty : try await apply(result, patch, folder)
                rows.append(Row(task: result.task, name: result.name, outcome: outcome))
            }
            if rows.contains(where: { $0.outcome == .applied || $0.outcome == .merged }) {
                let head = try await git.must(["rev-parse", "HEAD"], in: tree).text
                try await git.must(["branch"] + (replaces ? ["-f"] : []) + [branch, head], in: repository)
            }
            try await takeAway(folder)
            return rows
        } catch {
            try await takeAway(folder)
            throw error
        }
    }

    private func takeAway(_ folder: String) async throws {
        _ = try await git.run(["worktree", "remove", "--force", folder + "/tree"], in: repository)
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Where the branch begins: `--onto`, else the commit that all tasks started from, if it is here.
    private func start(_ bases: Set<String>) async throws -> String {
        if let onto {
            guard let known = try await commit(onto) else {
                throw UsageError("\(repository) has no \(onto): see --onto")
            }
            return known
        }
        guard bases.count == 1, let base = bases.first else {
            throw UsageError(
                "the job's tasks started from \(bases.count) different commits: say with --onto where the branch begins"
            )
        }
        guard let known = try await commit(base) else {
            throw UsageError(
                "\(repository) has no commit \(base), from which the tasks started: fetch it, or say with --onto where the branch begins"
            )
        }
        return known
    }

    private func commit(_ name: String) async throws -> String? {
        let found = try await git.run(
            ["rev-parse", "--verify", "-q", "--end-of-options", name + "^{commit}"], in: repository)
        return found.succeeded ? found.text : nil
    }

    private func apply(_ result: TaskResult, _ patch: [UInt8], _ folder: String) async throws -> Outcome {
        let file = folder + "/patch"
        let tree = folder + "/tree"
        try Data(patch).write(to: URL(fileURLWithPath: file))
        var outcome = Outcome.applied
        let options = ["apply", "--index", "--whitespace=nowarn"]
        if try await !git.run(options + [file], in: tree).succeeded {
            let merging = try await git.run(options + ["--3way", file], in: tree)
            guard merging.succeeded else {
                let files = try await conflicts(merging.errors, tree)
                try await git.must(["reset", "-q", "--hard"], in: tree)
                try await git.must(["clean", "-ffdq"], in: tree)
                return .conflict(files: files)
            }
            outcome = .merged
        }
        // An earlier task did the same.
        if try await git.run(["diff", "--cached", "--quiet"], in: tree).succeeded { return .empty }
        let title = result.name.isEmpty ? "Task \(result.task)" : result.name
        let base = result.workspace.map { "\nBase: \($0.base)" } ?? ""
        let message = "\(title.prefix(200))\n\nTask: \(result.task)\(base)\n"
        try Data(message.utf8).write(to: URL(fileURLWithPath: folder + "/message"))
        let hasName = try await git.run(["var", "GIT_COMMITTER_IDENT"], in: tree).succeeded
        try await git.must(
            ["commit", "-q", "--no-verify", "--no-gpg-sign", "-F", folder + "/message"], in: tree,
            with: hasName ? [:] : Self.stranger)
        return outcome
    }

    /// The files that a merge left in conflict; where it did not get so far, those that git names.
    private func conflicts(_ errors: String, _ tree: String) async throws -> [String] {
        let unmerged = try await git.must(["diff", "--name-only", "--diff-filter=U", "-z"], in: tree)
        var files = unmerged.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if files.isEmpty {
            for line in errors.split(separator: "\n") where line.hasPrefix("error: ") {
                var text = line.dropFirst(7)
                if text.hasPrefix("patch failed: ") { text = text.dropFirst(14) }
                if let colon = text.firstIndex(of: ":") { files.append(String(text[..<colon])) }
            }
        }
        return Array(Set(files)).sorted()
    }
}
