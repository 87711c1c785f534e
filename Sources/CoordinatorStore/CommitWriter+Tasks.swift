import ClusterModel
import CoordinatorCore
import GRDB

extension CommitWriter {
    func add(
        _ tasks: [TaskSpec], to job: JobID, from first: UInt32, sequence: UInt64, at: WallTime, _ db: OpaquePointer
    ) throws {
        let addTask = try statement(.addTask, db)
        let addPrompt = try statement(.addPrompt, db)
        for (offset, task) in tasks.enumerated() {
            let id = TaskID(job: job, index: first + UInt32(offset))
            addTask.bind(1, id)
            addTask.bind(2, Int64(sequence) + Int64(offset))
            addTask.bind(3, task.options)
            addTask.bind(4, at.milliseconds)
            try addTask.run()
            addPrompt.bind(1, id)
            addPrompt.bind(5, task.name)
            try addPrompt.bind(6, task.input) {
                try addPrompt.bind(from: 2, task.prompt) { try addPrompt.run() }
            }
            if !task.after.isEmpty || !task.context.isEmpty { try add(task, id, db) }
        }
    }

    private func add(_ task: TaskSpec, _ id: TaskID, _ db: OpaquePointer) throws {
        let statement = try statement(.addLinks, db)
        statement.bind(1, id)
        statement.bind(2, blob: PackedLinks.pack(task.after))
        statement.bind(3, task.context)
        statement.bind(4, task.fork)
        try statement.run()
    }

    func keep(_ head: ConversationHead, of task: TaskID, _ db: OpaquePointer) throws {
        let statement = try statement(.keepHead, db)
        statement.bind(1, task)
        statement.bind(2, blob: head.transcript.sha256)
        statement.bind(3, Int64(clamping: head.transcript.size))
        statement.bind(4, head.sessionID)
        statement.bind(5, head.turn)
        statement.bind(6, head.agent?.storeKey ?? 0)
        statement.bind(7, head.instance)
        try statement.run()
    }

    func end(_ attempt: EndedAttempt, _ db: OpaquePointer) throws {
        let statement = try statement(.endAttempt, db)
        statement.bind(1, attempt.number.task)
        statement.bind(2, attempt.number.attempt)
        statement.bind(3, Int64(attempt.row))
        statement.bind(4, attempt.agent.storeKey)
        statement.bind(5, attempt.failure.errorClass)
        statement.bind(6, attempt.failure.message)
        statement.bind(8, Int64(attempt.failures))
        statement.bind(9, attempt.givenUp ? 1 : 0 as Int64)
        statement.bind(10, attempt.retryAt.milliseconds)
        statement.bind(11, attempt.at.milliseconds)
        statement.bind(from: 12, attempt.usage, cost: attempt.costMicroUSD)
        statement.bind(17, attempt.instance)
        statement.bind(18, Int64(attempt.crashes))
        try statement.bind(7, attempt.failure.detail) { try statement.run() }
        try keep(row: attempt.row, db)
    }

    func end(_ end: EndedTask, _ db: OpaquePointer) throws {
        let result = end.result
        let failure = end.failure ?? result?.failure
        let statement = try statement(.endTask, db)
        statement.bind(1, end.task)
        statement.bind(2, Int64(end.state.rawValue))
        statement.bind(3, end.attempt)
        if let agent = end.agent { statement.bind(4, agent.storeKey) } else { statement.bindNull(4) }
        statement.bind(5, result?.instance ?? "")
        statement.bind(6, result?.startedAt.milliseconds ?? 0)
        statement.bind(7, result?.finishedAt.milliseconds ?? end.at.milliseconds)
        statement.bind(from: 8, result?.usage ?? Usage(), cost: result?.costMicroUSD ?? 0)
        statement.bind(13, result?.sessionID ?? "")
        if let failure {
            statement.bind(14, failure.errorClass)
            statement.bind(15, failure.message)
        } else {
            statement.bindNull(14)
            statement.bindNull(15)
        }
        statement.bind(16, result == nil ? 0 : 1 as Int64)
        try statement.run()
        if let workspace = result?.workspace { try add(workspace, end.task, db) }
        let detail = failure?.detail ?? ""
        guard result?.answer != nil || result?.structured != nil || !detail.isEmpty else { return }
        let answers = try self.statement(.addAnswer, db)
        answers.bind(1, end.task)
        try answers.bind(from: 2, result?.answer) {
            try answers.bind(from: 5, result?.structured) {
                try answers.bind(8, detail) { try answers.run() }
            }
        }
    }

    private func add(_ workspace: WorkspaceOutcome, _ task: TaskID, _ db: OpaquePointer) throws {
        let statement = try statement(.addWorkspace, db)
        statement.bind(1, task)
        try statement.bind(2, try StoredWorkspace(workspace).text) { try statement.run() }
        for blob in workspace.blobs {
            let blobs = try self.statement(.addWorkspaceBlob, db)
            blobs.bind(1, task)
            blobs.bind(2, blob: blob.sha256)
            blobs.bind(3, Int64(clamping: blob.size))
            try blobs.run()
        }
    }

    func setAside(
        _ result: AttemptResult, agent: AgentID, reason: SetAsideReason, at: WallTime, _ db: OpaquePointer
    ) throws {
        let statement = try statement(.setAside, db)
        statement.bind(1, Int64(bitPattern: result.token.store.rawValue))
        statement.bind(2, result.token.task)
        statement.bind(3, result.token.attempt)
        statement.bind(4, agent.storeKey)
        statement.bind(5, reason.rawValue)
        statement.bind(6, at.milliseconds)
        statement.bind(7, Int64(result.state.rawValue))
        if let failure = result.failure { statement.bind(11, failure.message) } else { statement.bindNull(11) }
        try statement.bind(from: 8, result.answer) { try statement.run() }
        try run(.trimSetAside, db, Int64(SQLiteStore.setAsideAtMost))
    }
}

extension RawStatement {
    /// Content in three columns that follow each other: text, hash, size.
    func bind(from place: Int32, _ content: Content?, _ body: () throws -> Void) throws {
        bind(place + 2, Int64(clamping: content?.size ?? 0))
        switch content {
        case nil:
            bindNull(place)
            bindNull(place + 1)
            try body()
        case .text(let text):
            bindNull(place + 1)
            try bind(place, text, body)
        case .blob(let blob):
            bindNull(place)
            bind(place + 1, blob: blob.sha256)
            try body()
        }
    }

    /// Usage and cost in five columns that follow each other.
    func bind(from place: Int32, _ usage: Usage, cost: UInt64) {
        bind(place, Int64(clamping: usage.inputTokens))
        bind(place + 1, Int64(clamping: usage.outputTokens))
        bind(place + 2, Int64(clamping: usage.cacheReadInputTokens))
        bind(place + 3, Int64(clamping: usage.cacheCreationInputTokens))
        bind(place + 4, Int64(clamping: cost))
    }
}
