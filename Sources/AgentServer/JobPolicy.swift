import ClusterModel
import Glibc
import Settings

/// What this host's own settings let a task do.
struct JobPolicy: Sendable {
    private let policy: AgentPolicy
    private let isRoot: Bool

    init(_ policy: AgentPolicy, isRoot: Bool = geteuid() == 0) {
        self.policy = policy
        self.isRoot = isRoot
    }

    /// Why a task with these options may not run here, in a sentence; nil: it may.
    func objection(to options: TaskOptions) -> String? {
        guard policy.runners.contains(options.runner) else {
            return
                "the runner \(options.runner) is not allowed on this agent, which has \(policy.runners.joined(separator: ", "))"
        }
        let mode = options.permissionMode.isEmpty ? "default" : options.permissionMode
        guard policy.permissionModes.contains(mode) else {
            return
                "the permission mode \(mode) is not allowed on this agent: name it in policy.permission-modes of its settings"
        }
        if isRoot, mode == "bypassPermissions" {
            return "claude refuses the permission mode bypassPermissions to root, and this agent runs as root"
        }
        return options.directory.isEmpty ? nil : objection(toDirectory: options.directory)
    }

    private func objection(toDirectory directory: String) -> String? {
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
