import ClusterModel

/// What a task did to its worktree, for scripts and for people.
enum WorkspaceJSON {
    static func object(_ workspace: WorkspaceOutcome) -> JSONObject {
        var object = JSONObject()
        object.add("base", workspace.base)
        object.add("change_count", workspace.changeCount)
        object.add(
            "changes",
            workspace.changes.map { change in
                var file = JSONObject()
                file.add("kind", change.kind)
                file.add("path", change.path)
                return file
            })
        object.add("patch_bytes", workspace.patch?.size ?? 0)
        object.add(
            "artifacts",
            workspace.artifacts.map { artifact in
                var file = JSONObject()
                file.add("name", artifact.name)
                file.add("bytes", artifact.content.size)
                return file
            })
        object.addOrNull("branch", workspace.branch)
        return object
    }

    /// Lines: the base, each change, each artifact.
    static func text(_ workspace: WorkspaceOutcome) -> String {
        var lines = ["base \(workspace.base), patch of \(workspace.patch?.size ?? 0) bytes"]
        lines += workspace.changes.map { "\($0.kind) \($0.path)" }
        let more = Int(workspace.changeCount) - workspace.changes.count
        if more > 0 { lines.append("and \(more) more") }
        lines += workspace.artifacts.map { "artifact \($0.name), \($0.content.size) bytes" }
        if !workspace.branch.isEmpty { lines.append("pushed to \(workspace.branch)") }
        return lines.joined(separator: "\n")
    }
}
