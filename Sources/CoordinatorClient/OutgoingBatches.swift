import ClusterModel

/// One batch of a submit: what fits a frame.
struct OutgoingBatch: Equatable {
    var firstOptions: UInt32
    var options: [TaskOptions]
    var firstIndex: UInt32
    var tasks: [TaskSpec]
    var seal: Bool
}

/// Cuts a job into batches: a row of options travels with the first task that names it.
struct OutgoingBatches<Tasks: Collection<TaskSpec>> {
    private let options: [TaskOptions]
    private let tasks: Tasks
    private let fillBytes: Int
    private let tasksAtMost: Int
    private var position: Tasks.Index
    private var nextIndex: UInt32 = 0
    private var nextOptions = 0
    private var isDone = false

    init(
        options: [TaskOptions], tasks: Tasks, fillBytes: Int = Limits.frameFillBytes,
        tasksAtMost: Int = Limits.tasksPerMessage
    ) {
        self.options = options
        self.tasks = tasks
        self.fillBytes = fillBytes
        self.tasksAtMost = tasksAtMost
        position = tasks.startIndex
    }

    /// The next batch, the last one sealed; nil after it.
    /// - Parameter prepared: Gives a task as it travels: its long prompt by reference.
    mutating func next(prepared: (TaskSpec) async throws -> TaskSpec) async rethrows -> OutgoingBatch? {
        if isDone { return nil }
        var batch = OutgoingBatch(
            firstOptions: UInt32(nextOptions), options: [], firstIndex: nextIndex, tasks: [], seal: false)
        var bytes = 0
        while position < tasks.endIndex, batch.tasks.count < tasksAtMost {
            let task = tasks[position]
            let newRows = nextOptions...max(nextOptions, Int(task.options))
            let rows = Int(task.options) < nextOptions ? [] : Array(options[newRows])
            let size = Self.bytes(task) + rows.reduce(0) { $0 + Self.bytes($1) }
            if bytes + size > fillBytes && !batch.tasks.isEmpty { break }
            batch.tasks.append(try await prepared(task))
            batch.options += rows
            nextOptions += rows.count
            bytes += size
            position = tasks.index(after: position)
        }
        nextIndex += UInt32(batch.tasks.count)
        batch.seal = position == tasks.endIndex
        isDone = batch.seal
        return batch
    }

    /// An upper bound of what a task takes in a frame.
    private static func bytes(_ task: TaskSpec) -> Int {
        min(Int(task.prompt.size), Limits.inlineContentBytes) + task.name.utf8.count + task.input.utf8.count + 64
    }

    private static func bytes(_ options: TaskOptions) -> Int {
        let tools = (options.allowedTools + options.disallowedTools).reduce(0) { $0 + $1.utf8.count + 8 }
        return options.schemaJSON.utf8.count + options.model.utf8.count + options.directory.utf8.count
            + options.permissionMode.utf8.count + options.runner.utf8.count + tools + 96
    }
}
