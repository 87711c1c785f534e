import Foundation

/// What `run` keeps of itself on disk: the queue, the agent's unsent results, and which job they are.
/// A folder is locked by the process that works in it; one that is not locked belonged to a process that has ended.
struct RunDirectory {
    /// What is known of a run once all its tasks are on disk.
    struct Record: Codable, Equatable {
        var job: UInt32
        var tasks: UInt32
        /// Folders that its tasks may work in.
        var directories: [String]
        /// What executes its tasks; nil in a record of an older version, which knew `claude` alone.
        var runners: [String]?
        /// Repositories that its tasks have worktrees of; nil in a record of an older version, which had none.
        var repositories: [String]?
        /// What its calls are held to; nil in a record of an older version, which had no quotas.
        var quotas: [String]?
        var startedAtMilliseconds: Int64
    }

    let path: String
    private let lock: Int32

    var coordinator: String { path + "/coordinator" }
    var agent: String { path + "/agent" }

    /// A new folder below `parent`, locked.
    static func create(in parent: String, milliseconds: Int64) throws -> RunDirectory {
        let stamp = TimeText.rfc3339(milliseconds: milliseconds).filter { $0.isNumber || $0 == "T" }
        let path = "\(parent)/\(stamp)-\(getpid())"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw RunDirectoryError(description: "cannot make the folder \(path): \(error.localizedDescription)")
        }
        guard let run = try open(path) else {
            throw RunDirectoryError(description: "the folder \(path) is in use by another ccctl run")
        }
        return run
    }

    /// Locks the folder; nil if a living process has it.
    static func open(_ path: String) throws -> RunDirectory? {
        let lock = Foundation.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw RunDirectoryError(description: "cannot open \(path)/lock: \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            return nil
        }
        return RunDirectory(path: path, lock: lock)
    }

    /// The folders below `parent` that no process works in, the newest first.
    static func abandoned(in parent: String) throws -> [RunDirectory] {
        guard FileManager.default.fileExists(atPath: parent) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: parent).sorted(by: >)
            .compactMap { try open("\(parent)/\($0)") }
    }

    /// Nil before all tasks were on disk: such a run can't be gone on with.
    func record() throws -> Record? {
        let file = path + "/run.json"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try JSONDecoder().decode(Record.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch is DecodingError {
            // Torn by a loss of power: there is work in the folder, but not what to go on with.
            return nil
        }
    }

    func write(_ record: Record) throws {
        try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: path + "/run.json"), options: .atomic)
    }

    /// Marks that tasks are about to be handed in: from here on its queue may hold work, and is not removed before its end.
    func markSubmitting() throws {
        try Data().write(to: URL(fileURLWithPath: path + "/submitting"))
    }

    /// Whether its queue may hold work.
    var mayHoldWork: Bool { FileManager.default.fileExists(atPath: path + "/submitting") }

    /// Marks that its results were printed: it is kept, and nothing goes on with it.
    func markFinished() throws {
        try Data().write(to: URL(fileURLWithPath: path + "/finished"))
    }

    var isFinished: Bool { FileManager.default.fileExists(atPath: path + "/finished") }

    func remove() throws {
        try FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    /// Lets another process have it.
    func release() { close(lock) }
}

/// A folder of a run can't be used.
struct RunDirectoryError: Error, CustomStringConvertible {
    let description: String
}
