import ClusterModel

/// A job, checked before the coordinator hears of its first task; what can be read only once is checked as it is sent.
struct Submission: Sendable {
    var spec: JobSpec
    var options: [TaskOptions]
    var tasks: TaskList
}

/// The tasks of a submission: made one at a time, so that a million lines are never in memory together.
enum TaskList: Sendable {
    case specs([TaskSpec])
    case lines(TemplateTasks)
    case jsonLines(JSONLineTasks)

    /// Nil when it is not known before the end.
    var count: Int? {
        switch self {
        case .specs(let specs): specs.count
        case .lines(let tasks): tasks.count
        case .jsonLines(let tasks): tasks.count
        }
    }

    /// Gives the tasks one after the other, then nil.
    func pull() throws -> () throws -> TaskSpec? {
        switch self {
        case .specs(let specs):
            var iterator = specs.makeIterator()
            return { iterator.next() }
        case .lines(let tasks): return try tasks.pull()
        case .jsonLines(let tasks): return try tasks.pull()
        }
    }
}

/// Collects tasks and the table of options that they share.
struct SubmissionBuilder {
    private(set) var tasks: [TaskSpec] = []
    private(set) var options: [TaskOptions] = []
    private(set) var rows: [TaskOptions: UInt32] = [:]
    /// Tasks so far, kept or not.
    private(set) var count = 0
    private var links = TaskLinks()
    /// How sentences name the source as a whole.
    let title: String
    /// Whether the tasks themselves are kept, and not only looked at.
    let keepsTasks: Bool

    init(title: String, keepsTasks: Bool = true) {
        self.title = title
        self.keepsTasks = keepsTasks
    }

    /// Whether a task waits for another.
    var hasLinks: Bool { !links.isEmpty }

    /// - Throws: ``UsageError`` for a prompt that is missing, empty or too long, and for too many tasks or rows.
    mutating func add(_ fields: TaskFields, place: String) throws {
        let row = try row(of: fields, place: place)
        let task = try fields.task(row: row, place: place)
        guard count < Limits.tasksPerJob else {
            throw UsageError(at: place, "a job has at most \(Limits.tasksPerJob) tasks")
        }
        if let after = fields.after, !after.isEmpty { links.add(task: count, after, place: place) }
        if keepsTasks { tasks.append(task) }
        count += 1
    }

    private mutating func row(of fields: TaskFields, place: String) throws -> UInt32 {
        let wanted = try fields.options(place: place)
        if let known = rows[wanted] { return known }
        guard options.count < Limits.optionsPerJob else {
            throw UsageError(at: place, "a job has at most \(Limits.optionsPerJob) different sets of options")
        }
        let row = UInt32(options.count)
        options.append(wanted)
        rows[wanted] = row
        return row
    }

    /// - Throws: ``UsageError`` if there was no task at all, for a link to nothing, and for a cycle.
    func finish(_ spec: JobSpec) throws -> Submission {
        guard count > 0 else { throw UsageError("\(title) holds no task") }
        var tasks = tasks
        if keepsTasks { try links.resolve(in: &tasks) }
        return Submission(spec: spec, options: options, tasks: .specs(tasks))
    }
}
