import ClusterModel
import CoordinatorCore
import Foundation
import GRDB

extension StoreTools {
    /// Sentences that a check gives; more add nothing.
    public static let findingsAtMost = 1_000

    /// Looks through a store's folder, or a backup's, and changes nothing; a coordinator may run beside it.
    ///
    /// - Parameter others: names in the folder that belong to the program and not to the store, such as that of a secret.
    /// - Returns: a sentence for each thing that is wrong; empty: the store is sound.
    /// - Throws: ``StoreError`` when there is no store or it can't be read.
    public static func check(directory: String, allowing others: Set<String> = []) throws -> [String] {
        let path = directory + "/coordinator.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError(.broken, "there is no store in \(directory): name a coordinator's data directory")
        }
        do {
            let blobs = directory + "/blobs"
            return try BlobFolder.keepingSweepsOut(blobs) {
                var configuration = Configuration()
                configuration.readonly = true
                configuration.busyMode = .timeout(5)
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                var (findings, named) = try queue.read { db in try look(db, path) }
                try queue.close()
                if let named { findings += try look(named, in: blobs) }
                findings += try strangers(in: directory, allowing: others)
                return Array(findings.prefix(findingsAtMost))
            }
        } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
            return ["\(path) is damaged (\(error.message ?? "\(error.resultCode)")): restore a backup"]
        } catch {
            throw StoreError.from(error, path: path)
        }
    }

    private static let ownNames: Set<String> = [
        "coordinator.sqlite", "coordinator.sqlite-wal", "coordinator.sqlite-shm", "coordinator.sqlite-journal", "lock",
        "blobs",
        BackupNote.fileName,
    ]

    private static func strangers(in directory: String, allowing others: Set<String>) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                .filter { !ownNames.contains($0) && !others.contains($0) }
                .map { "\(directory)/\($0) is no file of a store: move it away" }
        } catch {
            throw StoreError(.broken, "\(directory) can't be listed: \(error.localizedDescription)")
        }
    }

    /// The database; with it the blobs that it names, unless it is too damaged to say.
    private static func look(_ db: Database, _ path: String) throws -> ([String], Set<BlobRef>?) {
        let damage = try integrity(db)
        guard damage.isEmpty else { return (damage.map { "\(path) is damaged (\($0)): restore a backup" }, nil) }
        let versions = try Set(String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations"))
        if try Schema.migrator.hasBeenSuperseded(db) {
            return (["\(path) was written by a newer version of cc-coordinator: check it with that one"], nil)
        }
        guard try Schema.migrator.hasCompletedMigrations(db) else {
            return (
                ["\(path) has version \(versions.sorted().last ?? "none"): start cc-coordinator to bring it up"], nil
            )
        }
        var findings: [String] = []
        for rule in rules where findings.count < findingsAtMost {
            let limit = findingsAtMost - findings.count
            let ids = try Int64.fetchAll(db, sql: rule.sql + " LIMIT ?", arguments: [limit])
            findings += ids.map { rule.sentence(TaskID(packed: UInt64(bitPattern: $0))) }
        }
        return (findings + (try counts(db)), try SQLiteStore.blobs(try db.raw()))
    }

    private struct Rule {
        var sql: String
        var sentence: (TaskID) -> String
    }

    /// What has to be true between the tables; each finds the tasks of which it is not.
    private static var rules: [Rule] {
        var rules = [
            Rule(sql: "SELECT id FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM prompts p WHERE p.id = t.id)") {
                "task \($0) has no prompt"
            },
            Rule(
                sql: """
                    SELECT min(id) FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = t.id >> 32)
                    GROUP BY t.id >> 32
                    """
            ) { "task \($0) has no job" },
            Rule(
                sql: """
                    SELECT t.id FROM tasks t LEFT JOIN moves m ON m.task = t.id WHERE NOT EXISTS (
                        SELECT 1 FROM job_options o WHERE o.job = t.id >> 32 AND o.row = coalesce(m.options, t.options))
                    """
            ) { "task \($0) has no options" },
            Rule(sql: "SELECT id FROM answers a WHERE NOT EXISTS (SELECT 1 FROM endings e WHERE e.id = a.id)") {
                "there is an answer of task \($0), which has not ended"
            },
        ]
        let parts = [
            ("prompts", "id", "prompt"), ("endings", "id", "end"), ("attempts", "task", "attempt"),
            ("links", "id", "link"),
            ("holds", "task", "hold"), ("workspaces", "id", "worktree"), ("moves", "task", "move"),
            ("cancels", "task", "cancellation"),
        ]
        for (table, key, word) in parts {
            let sql =
                "SELECT DISTINCT \(key) FROM \(table) x WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = x.\(key))"
            rules.append(Rule(sql: sql) { "there is a row (\(word)) of task \($0), which is not there" })
        }
        return rules
    }

    /// Finished jobs against the ends of their tasks; those that a prune has begun to take away are left out.
    private static func counts(_ db: Database) throws -> [String] {
        var ends: [Int64: JobCounts] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT e.id >> 32, e.state, count(*) FROM endings e JOIN jobs j ON j.id = e.id >> 32
                WHERE j.finished_at IS NOT NULL GROUP BY 1, 2
                """)
        while let row = try rows.next() {
            guard let state = TaskState(rawValue: UInt8(truncatingIfNeeded: row[1] as Int64)), state.isEnd else {
                return ["a task of job \(row[0] as Int64) ended in a state that is no end (\(row[1] as Int64))"]
            }
            ends[row[0], default: JobCounts()][state] += UInt32(clamping: row[2] as Int64)
        }
        var findings: [String] = []
        let jobs = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, summary, (SELECT count(*) FROM tasks t WHERE t.id BETWEEN j.id << 32 AND (j.id << 32) | 4294967295)
                FROM jobs j WHERE finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sweeps s WHERE s.job = j.id AND s.kind = ?)
                """, arguments: [Int64(SweepKind.prune.rawValue)])
        while let row = try jobs.next(), findings.count < findingsAtMost {
            let id: Int64 = row[0]
            guard let summary = (row[1] as String?).flatMap({ StoredSummary(text: $0) }) else {
                findings.append("the summary of job \(id) is damaged")
                continue
            }
            var counted = ends[id] ?? JobCounts()
            counted.tasks = UInt32(clamping: row[2] as Int64)
            if counted != summary.counts || counted.ended != counted.tasks {
                findings.append(
                    "job \(id) finished with \(summary.counts.ended) ends of \(summary.counts.tasks) tasks, and has \(counted.ended) of \(counted.tasks), or of other kinds"
                )
            }
        }
        return findings
    }

    /// The blobs on disk against those that are named. What is whole and not named is no trouble: a sweep takes it.
    private static func look(_ named: Set<BlobRef>, in folder: String) throws -> [String] {
        var findings: [String] = []
        for blob in named.sorted(by: { $0.hex < $1.hex }) where findings.count < findingsAtMost {
            if let wrong = try BlobFolder.finding(blob, in: folder) { findings.append(wrong) }
        }
        for file in try BlobFolder.files(in: folder) where file.hash == nil {
            findings.append("\(file.path) is no blob: move it away")
        }
        return findings
    }
}
