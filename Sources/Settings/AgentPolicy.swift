/// What jobs may do on an agent's host: its own config decides, never the job.
public struct AgentPolicy: Hashable, Sendable {
    /// What may execute a task here.
    public var runners: [String]
    /// Absolute; a task may work in these and below. Empty: only in the agent's own scratch directories.
    public var directories: [String]
    /// The CLI's permission modes that a task may ask for.
    public var permissionModes: [String]

    /// The table of settings, under `policy:` in the file.
    enum Key {
        static let runners = SettingKey(
            "policy.runners", .choiceList(["claude"]), default: "claude", help: "What may execute tasks on this host.")
        static let directories = SettingKey(
            "policy.directories", .pathList, default: "",
            help: "Folders that tasks may work in; none: only scratch folders of the agent's own.")
        static let permissionModes = SettingKey(
            "policy.permission-modes",
            .choiceList(["default", "acceptEdits", "plan", "dontAsk", "auto", "manual", "bypassPermissions"]),
            default: "default,acceptEdits,plan,dontAsk,auto,manual",
            help: "Permission modes that tasks may ask for; bypassPermissions must be named to be allowed.")
    }

    init(_ source: SettingsSource) throws(SettingsError) {
        runners = try source.list(Key.runners)
        directories = try source.list(Key.directories)
        permissionModes = try source.list(Key.permissionModes)
    }
}
