import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation
import Settings

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the patches of a job's tasks home, as one branch with a commit each.",
        discussion: """
            Those of succeeded tasks, in task order. Your checkout is not touched. A patch that does not fit even as a merge \
            is left out and its files are listed.

            Exit codes: 0 all patches are in the branch, 1 some were left out, others as usual.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A job's number, or last.")
    var job: String

    @Option(help: ArgumentHelp("The branch to make.", valueName: "name"))
    var branch: String

    @Option(help: ArgumentHelp("The repository. Default: the one of the current folder", valueName: "dir"))
    var repo: String?

    @Option(
        help: ArgumentHelp("Where the branch begins. Default: the commit that the tasks started from", valueName: "ref")
    )
    var onto: String?

    @Flag(help: "Replace the branch if it is there.")
    var force = false

    func run() async throws {
        let selector = try JobSelector(job)
        let patches = PatchBranch(
            repository: repo ?? FileManager.default.currentDirectoryPath, branch: branch, onto: onto, replaces: force)
        let rows = try await CtlSession.with(global) { session in
            try await patches.check()
            let job = try await selector.oneJob(session.client)
            let rows = try await Self.bring(job.job, patches, session.client)
            try Self.print(rows, branch: branch, session.format)
            return rows
        }
        if rows.contains(where: \.isLeftOut) { throw ExitStatus.someFailed }
    }

    /// Reads the job's results twice, a page at a time: for the commits that its tasks started from, then for their patches.
    static func bring(_ job: JobID, _ patches: PatchBranch, _ client: CoordinatorClient) async throws -> [PatchBranch
        .Row]
    {
        var bases: Set<String> = []
        var first: UInt32? = 0
        while let from = first {
            let page = try await client.results(of: job, from: from)
            for result in page.results where result.state == .succeeded {
                if let workspace = result.workspace, workspace.patch != nil { bases.insert(workspace.base) }
            }
            first = page.nextIndex
        }
        guard !bases.isEmpty else { throw UsageError("no succeeded task of job \(job) has a patch") }
        var waiting: [TaskResult] = []
        var next: UInt32? = 0
        return try await patches.make(bases: bases) {
            while true {
                if waiting.isEmpty {
                    guard let from = next else { return nil }
                    let page = try await client.results(of: job, from: from)
                    next = page.nextIndex
                    waiting = page.results.filter { $0.state == .succeeded && $0.workspace != nil }.reversed()
                }
                guard let result = waiting.popLast() else { continue }
                guard let patch = result.workspace?.patch else { return (result, []) }
                return (result, try await client.bytes(of: patch))
            }
        }
    }

    static func print(_ rows: [PatchBranch.Row], branch: String, _ format: OutputFormat) throws {
        var output = StandardOutput()
        let lines = rows.map { ($0, words($0.outcome)) }
        switch format {
        case .table:
            for (row, (word, files)) in lines {
                let named = row.name.isEmpty ? "" : " (\(row.name))"
                let listed = files.isEmpty ? "" : ": " + files.joined(separator: ", ")
                try output.line(SafeText.oneLine("\(row.task)\(named) \(word)\(listed)"))
            }
            let count = rows.count { $0.outcome == .applied || $0.outcome == .merged }
            let word = count == 1 ? "commit" : "commits"
            try output.line(SafeText.oneLine(count == 0 ? "no branch was made" : "\(branch): \(count) \(word)"))
        case .json:
            for (row, (word, files)) in lines {
                var object = JSONObject()
                object.add("task", row.task.description)
                object.add("name", row.name)
                object.add("outcome", word)
                object.add("files", texts: files)
                try output.line(object.line)
            }
        case .quiet:
            for (row, (word, files)) in lines where word == "conflict" {
                try output.line(SafeText.oneLine(([row.task.description] + files).joined(separator: " ")))
            }
        }
        try output.flush()
    }

    private static func words(_ outcome: PatchBranch.Outcome) -> (String, [String]) {
        switch outcome {
        case .applied: ("applied", [])
        case .merged: ("merged", [])
        case .conflict(let files): ("conflict", files)
        case .empty: ("unchanged", [])
        }
    }
}
