import ClusterModel
import ExecRunner
import Glibc
import Settings
import Workspaces

/// What this host's own settings let a task do.
struct JobPolicy: Sendable {
    let policy: AgentPolicy
    private let isRoot: Bool
    /// The agent's PATH, in which bare names of programs are looked up.
    private let searchPath: String

    init(_ policy: AgentPolicy, searchPath: String, isRoot: Bool = geteuid() == 0) {
        self.policy = policy
        self.searchPath = searchPath
        self.isRoot = isRoot
    }

    /// Why a task with these options may not run here, in a sentence; nil: it may.
    func objection(to options: TaskOptions) -> String? {
        guard policy.runners.contains(options.runner) else {
            return
                "the runner \(options.runner.prefix(64)) is not allowed on this agent, which has \(policy.runners.joined(separator: ", ")): name it in policy.runners of its settings"
        }
        switch options.runner {
        case "noop": return nil
        case "exec": if let objection = objection(toCommand: options) { return objection }
        default:
            if let objection = objection(toMode: options.permissionMode) ?? objection(toClaude: options) {
                return objection
            }
        }
        if let workspace = options.workspace {
            guard options.directory.isEmpty else { return "a task works in a directory or in a workspace, not in both" }
            return objection(toWorkspace: workspace)
        }
        return options.directory.isEmpty ? nil : objection(toDirectory: options.directory)
    }

    func objection(toMode asked: String) -> String? {
        let mode = asked.isEmpty ? "default" : asked
        guard policy.permissionModes.contains(mode) else {
            return
                "the permission mode \(mode) is not allowed on this agent: name it in policy.permission-modes of its settings"
        }
        if isRoot, mode == "bypassPermissions" {
            return "claude refuses the permission mode bypassPermissions to root, and this agent runs as root"
        }
        return nil
    }

    private func objection(toCommand options: TaskOptions) -> String? {
        guard let program = options.command.first, !program.isEmpty else { return "the task has no command" }
        let anyCommand = policy.commands.contains("*")
        if !anyCommand {
            if program.contains(ExecPlan.placeholder) {
                return
                    "the program itself would come from the prompt: that needs policy.commands: [\"*\"] in this agent's settings"
            }
            guard policy.commands.contains(where: { isSame($0, program) }) else {
                let list = policy.commands.isEmpty ? "none" : policy.commands.joined(separator: ", ")
                return
                    "the program \(program.prefix(256)) is not one that this agent runs (it has: \(list.prefix(512))): name it in policy.commands of its settings"
            }
        }
        if options.outputBytes > ExecLimits.outputBytes {
            return "\(options.outputBytes) bytes of output are over the limit of \(ExecLimits.outputBytes)"
        }
        for entry in options.environment {
            if let objection = ExecEnvironment.objection(to: entry, anyCommand: anyCommand) { return objection }
        }
        return nil
    }

    /// Whether two words mean the same program, by name or by path.
    private func isSame(_ allowed: String, _ program: String) -> Bool {
        if allowed == program { return true }
        guard let first = place(allowed), let second = place(program) else { return false }
        return first == second
    }

    private func place(_ program: String) -> String? {
        if program.hasPrefix("/") { return ProgramPath.canonical(program) }
        return program.contains("/") ? nil : ProgramPath.find(program, in: searchPath).map(ProgramPath.canonical)
    }

    private func objection(toWorkspace workspace: Workspace) -> String? {
        do throws(WorkspaceError) { _ = try RepositoryAddress(workspace.repository) } catch { return error.description }
        let isAllowed = policy.repositories.contains { allowed in
            if allowed == "*" || allowed == workspace.repository { return true }
            // A path may go through links; what counts is where it leads.
            guard allowed.hasPrefix("/"), workspace.repository.hasPrefix("/"), let real = Self.realPath(allowed) else {
                return false
            }
            return real == Self.realPath(workspace.repository)
        }
        guard isAllowed else {
            return
                "the repository \(workspace.repository.prefix(512)) is not one this agent lets tasks work on: name it in policy.repositories of its settings"
        }
        if !workspace.pushBranch.isEmpty, !policy.allowsPush {
            return "this agent pushes no branches: it needs policy.push in its settings"
        }
        return nil
    }

    func objection(toDirectory directory: String) -> String? {
        guard directory.hasPrefix("/") else { return "the directory \(directory) is not an absolute path" }
        guard let real = Self.realPath(directory) else {
            return "the directory \(directory) is not there on this agent (\(String(cString: strerror(errno))))"
        }
        var info = stat()
        guard stat(real, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            return "\(directory) is not a directory on this agent"
        }
        // Links are resolved on both sides: what counts is where the task would really work.
        let isAllowed = policy.directories.compactMap(Self.realPath).contains { allowed in
            allowed == "/" || real == allowed || real.hasPrefix(allowed + "/")
        }
        guard isAllowed else {
            return
                "the directory \(directory) is not one this agent lets tasks work in: name it in policy.directories of its settings"
        }
        return nil
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
