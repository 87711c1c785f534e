import ClusterModel

/// A job, whole and checked, before the coordinator hears of its first task.
struct Submission: Sendable {
    var name: String
    var options: [TaskOptions]
    var tasks: TaskList
}

/// The tasks of a submission: made one at a time, so that a million lines cost the file's size and no more.
enum TaskList: Sendable {
    case specs([TaskSpec])
    case lines(TemplateTasks)
}

extension TaskList: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int {
        switch self {
        case .specs(let specs): specs.count
        case .lines(let tasks): tasks.file.lines.count
        }
    }

    subscript(index: Int) -> TaskSpec {
        switch self {
        case .specs(let specs): specs[index]
        case .lines(let tasks): tasks.task(index)
        }
    }
}

/// Collects tasks and the table of options that they share.
struct SubmissionBuilder {
    private(set) var tasks: [TaskSpec] = []
    private(set) var options: [TaskOptions] = []
    private var rows: [TaskOptions: UInt32] = [:]
    /// How sentences name the source as a whole.
    let title: String

    init(title: String) { self.title = title }

    /// - Throws: ``UsageError`` for a prompt that is missing, empty or too long, and for too many tasks or rows.
    mutating func add(_ fields: TaskFields, place: String) throws {
        guard let prompt = fields.prompt else { throw UsageError(at: place, "there is no \"prompt\"") }
        try TaskFields.checkPrompt(prompt, place: place)
        let row = try row(of: fields, place: place)
        guard tasks.count < Limits.tasksPerJob else {
            throw UsageError(at: place, "a job has at most \(Limits.tasksPerJob) tasks")
        }
        tasks.append(TaskSpec(prompt: .text(prompt), name: fields.name ?? "", options: row))
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

    /// - Throws: ``UsageError`` if there was no task at all.
    func finish(name: String) throws -> Submission {
        guard !tasks.isEmpty else { throw UsageError("\(title) holds no task") }
        return Submission(name: name, options: options, tasks: .specs(tasks))
    }
}
