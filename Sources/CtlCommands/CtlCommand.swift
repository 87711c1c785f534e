import ArgumentParser
import BenchCommands
import ClusterModel

/// The root: every verb is a file of its own in Verbs.
struct CtlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ccctl",
        abstract: "Submits work to a cc-orchestrator fleet, watches it and reads its results.",
        discussion: """
            Flags that every verb takes (--coordinator, --output, --config, --key-file, --secret-file, --connect-timeout) stand before \
            or behind it. Jobs are named 7, 1,3,5-8, last or all; tasks 7.12.

            \(ExitStatus.help)
            """,
        version: Product.version,
        subcommands: [
            Submit.self, Run.self, Wait.self, Status.self, Jobs.self, Tasks.self, Result.self, Results.self, Apply.self,
            Cancel.self, Pause.self, Resume.self, Hold.self, Release.self, Retry.self, SetPriority.self, Budget.self,
            Drain.self,
            Undrain.self, Recalculate.self, Why.self, Attempts.self, SetAside.self, Agents.self, Quota.self, Prune.self,
            Backup.self,
            Restore.self,
            Store.self, Keys.self, Bench.self, Version.self,
        ])
}
