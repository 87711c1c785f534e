import Foundation

/// A job of ten tasks at once on one git repository, each in a worktree of its own, and what comes home from it. Two of them change the same
/// line. The instances have done another job in the same worktrees before, and left what a task can leave there.
public struct WorkspacesScene: Sendable {
    /// `claude` processes of the one agent.
    public var instances = 10
    /// Tasks of the job; the last two are in conflict.
    public var tasks = 10

    /// Ten tasks, ten instances.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "5", "--output-tokens", "5-20"])
        let fleet = try Fleet(bench, api: api)
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let repository = try await GitFolder.make(fleet.bench, "repository")
        let base = try await repository.git(["rev-parse", "HEAD"])
        try await fleet.startCoordinator()
        try await fleet.startAgent(
            "east", instances: instances,
            environment: ["CCO_POLICY_REPOSITORIES": repository.path, "CCO_POLICY_PUSH": "true"])
        try await fleet.agentsAreLive(1)
        // What a task can leave: files, ignored ones, a commit, a read-only folder, marks in git's index, a lock.
        let mess =
            "echo stray > stray.txt; mkdir -p out deep; echo secret > out/secret.txt; echo x > deep/x; chmod 500 deep; "
            + "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m mine; "
            + "git update-index --assume-unchanged shared.txt; echo hidden >> shared.txt; "
            + "touch \"$(git rev-parse --git-dir)/index.lock\"; echo done"
        let first = try await submit(
            fleet, repository, try prompts(fleet.bench, "mess", (0..<instances).map { ("mess-\($0)", mess) }), [])
        _ = try await results(fleet, first, instances)
        let started = ContinuousClock.now
        let job = try await submit(
            fleet, repository, try prompts(fleet.bench, "work", (0..<tasks).map(work)),
            ["--artifact", "out/*.txt", "--push-branch", "fleet/{task}"])
        let rows = try await results(fleet, job, tasks)
        let seconds = Double((ContinuousClock.now - started) / .milliseconds(1)) / 1000
        let patched = try await checkPatches(fleet, job, rows, base)
        let pushed = try await repository.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/fleet"])
            .split(separator: "\n").count
        guard pushed == tasks else { throw SceneError("\(pushed) branches were pushed for \(tasks) tasks") }
        let (commits, conflicts) = try await apply(fleet, job, repository, base)
        let warm = Set(rows.compactMap(\.instance)).filter { $0.hasSuffix(".1") }.count
        return """
            {"tasks":\(tasks),"succeeded":\(rows.count),"instances":\(instances),"warm":\(warm),"patches_applied":\(patched),\
            "artifacts":\(tasks),"branches_pushed":\(pushed),"commits":\(commits),"conflicts":\(conflicts),\
            "seconds":\(seconds)}
            """
    }

    /// A file of its own, a line of a shared file, an artifact; the last two tasks change the same line.
    private func work(_ number: Int) -> (name: String, command: String) {
        let isRival = number >= tasks - 2
        let line = isRival ? "line 0" : "line \((number + 1) * 10)"
        let command =
            "test -z \"$(git status --porcelain --ignored)\" && mkdir -p notes out && echo note \(number) > notes/\(number).md && "
            + "printf '\\000\\377\\001\(number)' > notes/\(number).bin && "
            + "sed -i 's/^\(line)$/\(line) by \(number)/' shared.txt && echo report \(number) > out/report.txt && ls out"
        return ("note-\(number)", command)
    }

    private func prompts(_ bench: Workbench, _ name: String, _ tasks: [(name: String, command: String)]) throws
        -> String
    {
        let lines = try tasks.map { task in
            String(
                decoding: try JSONSerialization.data(
                    withJSONObject: ["prompt": "Do it. [[bash: \(task.command)]]", "name": task.name]), as: UTF8.self)
        }
        let path = bench.scratch + "/\(name).jsonl"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func submit(_ fleet: Fleet, _ repository: GitFolder, _ file: String, _ more: [String]) async throws
        -> String
    {
        let run = try await fleet.ccctl(
            ["submit", "--from-json", file, "--repo", repository.path, "--allowed-tools", "Bash", "--output", "quiet"]
                + more)
        guard run.code == 0 else { throw SceneError("ccctl submit exited \(run.code): \(run.errors)") }
        return run.trimmed
    }

    private func results(_ fleet: Fleet, _ job: String, _ count: Int) async throws -> [TaskRow] {
        let waited = try await fleet.ccctl(["wait", job, "--timeout", "300"])
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job, "--output", "json"]).output)
        guard waited.code == 0, rows.count == count else {
            throw SceneError(
                "ccctl wait exited \(waited.code) with \(rows.count) results: \(rows.compactMap(\.error?.message))")
        }
        return rows
    }

    /// Each patch goes into a clone that holds nothing but the base.
    private func checkPatches(_ fleet: Fleet, _ job: String, _ rows: [TaskRow], _ base: String) async throws -> Int {
        for row in rows {
            let number = row.index
            guard let workspace = row.workspace, workspace.base == base else {
                throw SceneError("task \(row.task) started from \(row.workspace?.base ?? "nothing"), not from \(base)")
            }
            let paths = workspace.changes.map(\.path).sorted()
            guard paths == ["notes/\(number).bin", "notes/\(number).md", "shared.txt"] else {
                throw SceneError("task \(row.task) changed \(paths): its worktree was not its own or not clean")
            }
            let file = fleet.bench.scratch + "/\(number).patch"
            let taken = try await fleet.ccctl(["result", row.task, "--patch", "--to", file])
            let clone = try await GitFolder.clone(fleet.bench, "repository", "clone-\(number)")
            _ = try await clone.git(["apply", "--index", file])
            let note = try String(contentsOfFile: clone.path + "/notes/\(number).md", encoding: .utf8)
            let report = try await fleet.ccctl(["result", row.task, "--artifact", "out/report.txt"])
            guard taken.code == 0, note == "note \(number)\n", report.output == "report \(number)\n" else {
                throw SceneError("task \(row.task) came home as \(note) and \(report.output)\(report.errors)")
            }
        }
        return rows.count
    }

    private func apply(
        _ fleet: Fleet, _ job: String, _ repository: GitFolder, _ base: String
    ) async throws -> (commits: Int, conflicts: Int) {
        struct Row: Decodable {
            var task, outcome: String
            var files: [String]
        }
        let arguments = ["apply", job, "--branch", "home", "--repo", repository.path, "--output", "json"]
        let run = try await fleet.ccctl(arguments)
        let rows = try run.output.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
        let conflicts = rows.filter { $0.outcome == "conflict" }
        guard run.code == 1, rows.count == tasks, conflicts.map(\.task) == ["\(job).\(tasks - 1)"],
            conflicts.first?.files == ["shared.txt"]
        else { throw SceneError("ccctl apply exited \(run.code): \(run.errors)\(run.output)") }
        let commits = try await repository.git(["log", "--format=%s", "\(base)..home"]).split(separator: "\n")
        guard commits.map(String.init) == (0..<tasks - 1).reversed().map({ "note-\($0)" }) else {
            throw SceneError("the branch holds \(commits)")
        }
        guard try await repository.git(["status", "--porcelain"]).isEmpty,
            try await repository.git(["rev-parse", "HEAD"]) == base,
            try await repository.git(["worktree", "list", "--porcelain"]).components(separatedBy: "worktree ").count
                == 2
        else { throw SceneError("ccctl apply touched the checkout, or left a worktree") }
        let again = try await fleet.ccctl(arguments)
        guard again.code == 2, again.errors.contains("--force") else {
            throw SceneError("a branch that is there was not left alone: \(again.code) \(again.errors)")
        }
        return (commits.count, conflicts.count)
    }
}
