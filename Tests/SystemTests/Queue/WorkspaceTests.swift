import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// Commands in worktrees, and their patches brought home.
    @Suite struct WorkspaceTests {
        @Test func aRunBringsItsPatchesHomeToo() async throws {
            try await onBench(.withStandIn()) { bench in
                let repository = try await GitFolder.make(bench, "repository")
                let lines = try bench.file("lines", "10\n50\n")
                let arguments = [
                    "run", "--runner", "exec", "--each-line", lines, "--repo", ".", "--branch", "home", "--output",
                    "quiet", "--", "sh", "-ec", "sed -i \"s/^line $1$/changed/\" shared.txt", "sh", "{line}",
                ]
                let run = try await bench.run("ccctl", arguments, directory: repository.path)
                #expect(run.code == 0, "\(run.errors)")
                #expect(
                    try await repository.git(["log", "--format=%s", "main..home"]).split(separator: "\n").count == 2)
                #expect(try await repository.git(["status", "--porcelain"]).isEmpty)
                // The branch is there now: that is said before anything is run.
                let again = try await bench.run("ccctl", arguments, directory: repository.path)
                #expect(again.code == 2 && again.errors.contains("home is there already"), "\(again.errors)")
            }
        }

        @Test func patchesComeHomeAsABranch() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let repository = try await GitFolder.make(fleet.bench, "repository")
                try await fleet.startAgent(
                    "east", instances: 3, ["--runner", "exec"],
                    environment: ["CCO_POLICY_COMMANDS": "*", "CCO_POLICY_REPOSITORIES": repository.path])
                let script = "sed -i \"s/^line $1$/line $1 by $2/\" shared.txt; echo $2 > own-$2"
                let job = try await fleet.exec(
                    ["sh", "-ec", script, "sh", "{line}", "x"], lines: ["10", "50", "10", "199"],
                    ["--repo", repository.path])
                let rows = try await fleet.results(of: job)
                #expect(
                    rows.map { $0.workspace?.changes.map(\.path) ?? [] }.allSatisfy { $0 == ["own-x", "shared.txt"] })
                let shown = try await fleet.verb(["result", "\(job).0"])
                #expect(shown.contains("M shared.txt"), "\(shown)")
                // `own-x` is the same in all of them: git merges that, and the third brings nothing new.
                let applied = try await fleet.ccctl(["apply", job, "--branch", "home", "--repo", repository.path])
                #expect(applied.code == 0, "\(applied.errors)\(applied.output)")
                #expect(
                    applied.output
                        == "\(job).0 applied\n\(job).1 merged\n\(job).2 unchanged\n\(job).3 merged\nhome: 3 commits\n",
                    "\(applied.output)")
                #expect(try await repository.git(["show", "home:shared.txt"]).contains("line 10 by x\n"))
                let missing = try await fleet.ccctl(["apply", job, "--branch", "home", "--repo", repository.path])
                #expect(missing.code == 2)
                let none = try await fleet.exec(["true"])
                _ = try await fleet.results(of: none)
                #expect(try await fleet.ccctl(["apply", none, "--branch", "b", "--repo", repository.path]).code == 2)
                #expect(try await fleet.ccctl(["result", "\(none).0", "--patch"]).code == 2)
                #expect(try await fleet.ccctl(["result", "\(job).0", "--artifact", "x"]).errors.contains("none"))
            }
        }
    }
}
