/// The environment of an instance: what it needs and no more, since every tool it runs can read it.
public enum InstanceEnvironment {
    /// Passed on as they are.
    static let allowed: Set<String> = [
        "PATH", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
    ]

    /// Marks of a Claude Code session that the agent itself may run under. An instance that saw them would take itself for a part of it.
    static let sessionMarks: Set<String> = [
        "CLAUDECODE", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_CODE_CHILD_SESSION",
        "CLAUDE_CODE_SESSION_KIND", "CLAUDE_CODE_SESSION_NAME", "CLAUDE_CODE_SESSION_ORIGIN",
        "CLAUDE_CODE_SESSION_ATTENDED",
        "CLAUDE_CODE_SESSION_BEGAN_AS_COPY", "CLAUDE_CODE_SESSION_CREATED_AT_MS", "CLAUDE_CODE_TASK_LIST_ID",
        "CLAUDE_CODE_TMUX_SESSION", "CLAUDE_CODE_LAUNCHED_BY_SESSION_IDS", "CLAUDE_CODE_MESSAGING_SOCKET",
        "CLAUDE_CODE_USER_DELEGATED_SESSION", "CLAUDE_CODE_AGENT", "CLAUDE_PROJECT_DIR", "CLAUDE_ENV_FILE",
        "CLAUDE_PID",
        "CLAUDE_EFFORT", "CLAUDE_PLUGIN_ROOT",
        // Sleeps inside the process for hours where the agent should decide.
        "CLAUDE_CODE_RETRY_WATCHDOG",
    ]
    /// Whole families of such marks.
    static let sessionPrefixes = [
        "CLAUDE_CODE_REMOTE", "CLAUDE_CODE_BRIDGE_", "CLAUDE_BRIDGE_", "CLAUDE_BG_", "CLAUDE_RUNNER_",
    ]
    static let sessionSuffixes = ["SESSION_ID", "SESSION_ACCESS_TOKEN", "FILE_DESCRIPTOR"]

    /// The environment for an instance of an agent with `agent` as its own.
    ///
    /// HOME stays the agent's (`home`), since tools need its git configuration; what Claude Code itself keeps goes to `configDirectory`.
    public static func make(from agent: [String: String], configDirectory: String, home: String) -> [String: String] {
        var values = agent.filter { name, _ in isPassedOn(name) }
        let bypassed = agent["NO_PROXY"] ?? agent["no_proxy"] ?? ""
        let noProxy = withLoopback(bypassed)
        values["NO_PROXY"] = noProxy
        values["no_proxy"] = noProxy
        values["TERM"] = "dumb"
        values["HOME"] = home
        values["CLAUDE_CONFIG_DIR"] = configDirectory
        values["DISABLE_AUTOUPDATER"] = "1"
        values["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
        // A result must mean that the work has ended.
        values["CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"] = "1"
        // What one task remembers is nobody else's.
        values["CLAUDE_CODE_DISABLE_AUTO_MEMORY"] = "1"
        return values
    }

    /// The environment with a task's own variables, `KEY=VALUE`; a later one of a name wins. What no task may bring is left out, though
    /// the agent's policy refused it before.
    public static func adding(_ own: [String], to environment: [String: String]) -> [String: String] {
        var values = environment
        for entry in own where objection(to: entry) == nil {
            guard let sign = entry.firstIndex(of: "=") else { continue }
            values[String(entry[..<sign])] = String(entry[entry.index(after: sign)...])
        }
        return values
    }

    /// Why no task may bring this variable to an instance, whatever the agent's policy says; nil: it may be allowed.
    public static func objection(to entry: String) -> String? {
        guard let sign = entry.firstIndex(of: "="), sign != entry.startIndex, !entry.utf8.contains(0) else {
            return "\"\(entry.prefix(64))\" is no variable: write KEY=VALUE"
        }
        let name = entry[..<sign]
        let isOwn =
            ownNames.contains(String(name)) || ownPrefixes.contains(where: { name.uppercased().hasPrefix($0) })
        return isOwn ? "the variable \(name.prefix(64)) is the agent's own: no task can set it" : nil
    }

    /// What leads the instance to its gateway, and what keeps its credential and its files apart from others'.
    static let ownPrefixes = ["CCO_", "ANTHROPIC_", "CLAUDE", "CC_"]
    static let ownNames: Set<String> = [
        "HOME", "NO_PROXY", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy",
        "all_proxy", "DISABLE_AUTOUPDATER", "API_TIMEOUT_MS",
    ]

    /// Names that change which program is run or what it loads: to allow them, a policy has to name them in full.
    public static func changesPrograms(_ name: some StringProtocol) -> Bool {
        ["PATH", "IFS", "ENV", "BASH_ENV", "SHELL", "PYTHONPATH", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYOPT"]
            .contains(String(name))
            || ["LD_", "NODE_", "BUN_", "GIT_"].contains(where: name.hasPrefix)
    }

    private static func isPassedOn(_ name: String) -> Bool {
        if allowed.contains(name) || name.hasPrefix("LC_") { return true }
        guard name.hasPrefix("ANTHROPIC_") || name.hasPrefix("CLAUDE_") else { return false }
        return !sessionMarks.contains(name) && !sessionPrefixes.contains(where: name.hasPrefix)
            && !sessionSuffixes.contains(where: name.hasSuffix)
    }

    /// The list with this host added: calls to a gateway on loopback never go through a proxy.
    private static func withLoopback(_ list: String) -> String {
        var hosts = list.split(separator: ",").map { $0.drop(while: { $0 == " " }) }.map(String.init)
        for host in ["127.0.0.1", "localhost"] where !hosts.contains(host) { hosts.append(host) }
        return hosts.joined(separator: ",")
    }
}
