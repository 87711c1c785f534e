import ClusterModel
import CoordinatorCore
import Quotas

/// The facts that records tell, put together from the meaning of each alone. The simulated disk is one; the referee keeps another of
/// its own. It judges nothing.
struct Ledger {
    struct TaskRow {
        var sequence: UInt64
        var row: UInt32
        var queuedAt: WallTime
        var after: [TaskLink]
        var context: String
        var fork: String
        /// The conversation as it left it.
        var head: ConversationHead?
        /// The turn before it in its context.
        var turnBefore: UInt32?
        var end: TaskState?
        /// The last attempt that was handed out, and the last that is known to have ended.
        var sent: UInt32 = 0
        var lastEnded: UInt32 = 0
        var openRow: UInt64 = 0
        var openAgent: AgentID?
        var closedRow: UInt64 = 0
        var failures: UInt8 = 0
        var crashes: UInt8 = 0
        var isGivenUp = false
        var retryAt: WallTime?
        /// When its backoff is over, by the simulation's time.
        var due: Micros = 0
        var cancelRequested = false
        var held: String?

        var isOpen: Bool { openRow != 0 }
        /// Whether a result of this attempt is still waited for.
        func isLive(_ attempt: UInt32) -> Bool { end == nil && sent == attempt && (isOpen || isGivenUp) }
    }

    struct Job {
        let id: JobID
        var spec: JobSpec
        var key: SubmissionKey
        var submittedAt: WallTime
        var isSealed = false
        var switches = JobSwitches()
        var options: [TaskOptions] = []
        var tasks: ContiguousArray<TaskRow> = []
        var finish: JobSummary?
        var usage = Usage()
        var cost: UInt64 = 0
        var retried: UInt64 = 0
        /// Attempts that reported what they took.
        var reports: UInt64 = 0
        /// Tasks without an end, and attempts that are open.
        var unfinished = 0
        var open = 0
        var lastOfContext: [String: UInt32] = [:]
        /// Since when all it waits for may be there: the latest end of a task.
        var latestEnd: Micros = 0
        var isSwept = 0
    }

    struct Agent {
        var name: String
        var isDrained = false
        var open = 0
    }

    /// In order of their numbers; pruned ones are gone.
    private(set) var jobs: [Job] = []
    private(set) var places: [JobID: Int] = [:]
    private(set) var rows: [UInt64: (agent: AgentID, attempts: [AttemptNumber])] = [:]
    private(set) var agents: [AgentID: Agent] = [:]
    private(set) var isPaused = false
    private(set) var sweeps: [RecoveredSweep] = []
    private(set) var quotas: [QuotaRecord] = []
    private(set) var quotaLimits: [String: BucketLimit] = [:]
    private(set) var quotaLessons: [String: QuotaLesson] = [:]
    private(set) var spent: DaySpend?
    /// Tokens whose result is here, wherever it was put.
    private(set) var reported: Set<AttemptToken> = []
    /// Jobs that were finished once and are pruned.
    private(set) var pruned: Set<JobID> = []
    private(set) var unfinished = 0
    private var highestRow: UInt64 = 0
    private var highestSequence: UInt64 = 0
    private var highestJob: UInt32 = 0

    func job(_ id: JobID) -> Job? { places[id].map { jobs[$0] } }

    func task(_ id: TaskID) -> TaskRow? {
        guard let place = places[id.job], Int(id.index) < jobs[place].tasks.count else { return nil }
        return jobs[place].tasks[Int(id.index)]
    }

    func options(_ id: TaskID) -> TaskOptions? {
        guard let place = places[id.job], let task = task(id), Int(task.row) < jobs[place].options.count else {
            return nil
        }
        return jobs[place].options[Int(task.row)]
    }

    /// Backoffs that were under way count from the restart: the calendar says what is left, at most the longest backoff.
    mutating func restarted(at now: Micros, wall: WallTime, cap: Milliseconds) {
        for place in jobs.indices where jobs[place].finish == nil {
            for index in jobs[place].tasks.indices {
                guard let retryAt = jobs[place].tasks[index].retryAt, jobs[place].tasks[index].end == nil else {
                    continue
                }
                let left = max(0, min(retryAt.milliseconds - wall.milliseconds, cap.rawValue))
                jobs[place].tasks[index].due = now + .ms(left)
            }
        }
    }

    private mutating func change(_ id: TaskID, _ body: (inout TaskRow, inout Job) -> Void) {
        guard let place = places[id.job], Int(id.index) < jobs[place].tasks.count else { return }
        var task = jobs[place].tasks[Int(id.index)]
        body(&task, &jobs[place])
        jobs[place].tasks[Int(id.index)] = task
    }

    private mutating func change(_ id: JobID, _ body: (inout Job) -> Void) {
        guard let place = places[id] else { return }
        body(&jobs[place])
    }

    mutating func apply(_ record: DurableRecord, at now: Micros) {
        switch record {
        case .jobOpened(let id, let spec, let key, let at):
            places[id] = jobs.count
            jobs.append(Job(id: id, spec: spec, key: key, submittedAt: at))
            jobs[jobs.count - 1].switches.isPaused = spec.isPaused
            highestJob = max(highestJob, id.rawValue)
        case .optionsAdded(let id, let first, let rows):
            change(id) { job in
                job.options.removeSubrange(min(Int(first), job.options.count)...)
                job.options += rows
            }
        case .tasksAdded(let id, _, let sequence, let tasks, let at): add(tasks, to: id, from: sequence, at)
        case .jobSealed(let id): change(id) { $0.isSealed = true }
        case .assigned(let row, let agent, let numbers, _): assign(row, agent, numbers)
        case .assignmentRetired(let row): rows[row] = nil
        case .attemptEnded(let attempt): end(attempt, at: now)
        case .taskEnded(let end): self.end(end, at: now)
        case .cancelRequested(let id): change(id) { task, _ in task.cancelRequested = true }
        case .jobFinished(let summary): change(summary.id) { $0.finish = summary }
        case .resultSetAside(let result, _, _, _): reported.insert(result.token)
        case .agentSeen(let id, let name, _): agents[id, default: Agent(name: name)].name = name
        case .jobChanged(let id, let switches): change(id) { $0.switches = switches }
        case .queuePaused(let paused): isPaused = paused
        case .optionsChanged(let id, let row, let options): change(id) { $0.options[Int(row)] = options }
        case .taskMoved(let id, let row): change(id) { task, _ in task.row = row }
        case .taskHeld(let id, let why): change(id) { task, _ in task.held = why }
        case .taskReleased(let id): change(id) { task, _ in task.held = nil }
        case .taskReopened(let id, let row): reopen(id, closedRow: row)
        case .jobReopened(let id): change(id) { $0.finish = nil }
        case .agentDrained(let id, let drained): agents[id]?.isDrained = drained
        case .sweepBegun(let id, let kind):
            sweeps.append(RecoveredSweep(job: id, kind: kind))
            change(id) { $0.isSwept += 1 }
        case .sweepEnded(let id, let kind):
            if let place = sweeps.firstIndex(where: { $0.job == id && $0.kind == kind }) { sweeps.remove(at: place) }
            change(id) { $0.isSwept -= 1 }
        case .pruned(let id, _, _, let isLast): if isLast { forget(id) }
        case .headKept(let id, let head): change(id) { task, _ in task.head = head }
        case .headDropped(let id): change(id) { task, _ in task.head = nil }
        case .quotas(let snapshot): quotas = snapshot.records
        case .quotaLessons(let lessons):
            for lesson in lessons { quotaLessons["\(lesson.kind.rawValue) \(lesson.name)"] = lesson }
        case .quotaLimit(let name, let limit): quotaLimits[name] = limit
        case .budgetChanged(let id, let spec): change(id) { $0.spec = spec }
        case .daySpent(let spent): self.spent = spent
        }
    }

    private mutating func add(_ specs: [TaskSpec], to id: JobID, from sequence: UInt64, _ at: WallTime) {
        change(id) { job in
            for (offset, spec) in specs.enumerated() {
                var task = TaskRow(
                    sequence: sequence + UInt64(offset), row: spec.options, queuedAt: at, after: spec.after,
                    context: spec.context, fork: spec.fork)
                if !spec.context.isEmpty {
                    task.turnBefore = job.lastOfContext.updateValue(UInt32(job.tasks.count), forKey: spec.context)
                }
                job.tasks.append(task)
            }
            job.unfinished += specs.count
        }
        unfinished += specs.count
        highestSequence = max(highestSequence, sequence + UInt64(specs.count) - 1)
    }

    private mutating func assign(_ row: UInt64, _ agent: AgentID, _ numbers: [AttemptNumber]) {
        highestRow = max(highestRow, row)
        rows[row] = (agent, numbers)
        for number in numbers {
            change(number.task) { task, job in
                if !task.isOpen { job.open += 1 }
                task.openRow = row
                task.openAgent = agent
                task.sent = number.attempt
                task.isGivenUp = false
            }
            agents[agent]?.open += 1
        }
    }

    private mutating func close(_ id: TaskID) {
        guard let task = task(id), task.isOpen else { return }
        if let agent = task.openAgent { agents[agent]?.open -= 1 }
        change(id) { task, job in
            task.closedRow = max(task.closedRow, task.openRow)
            task.openRow = 0
            task.openAgent = nil
            job.open -= 1
        }
    }

    private mutating func end(_ attempt: EndedAttempt, at now: Micros) {
        close(attempt.number.task)
        if !attempt.givenUp {
            reported.insert(
                AttemptToken(store: Scenario.store, task: attempt.number.task, attempt: attempt.number.attempt))
        }
        change(attempt.number.task) { task, job in
            task.lastEnded = attempt.number.attempt
            task.failures = attempt.failures
            task.crashes = attempt.crashes
            task.isGivenUp = attempt.givenUp
            task.retryAt = attempt.retryAt
            task.due = now + .ms(attempt.retryAt.milliseconds - attempt.at.milliseconds)
            job.usage += attempt.usage
            job.cost &+= attempt.costMicroUSD
            if attempt.costMicroUSD > 0 { job.reports += 1 }
            job.retried += 1
        }
    }

    private mutating func end(_ end: EndedTask, at now: Micros) {
        close(end.task)
        if let result = end.result { reported.insert(result.token) }
        change(end.task) { task, job in
            if task.end == nil { job.unfinished -= 1 }
            task.end = end.state
            task.lastEnded = max(task.lastEnded, end.attempt)
            task.isGivenUp = false
            task.held = nil
            job.latestEnd = now
            if let result = end.result {
                job.usage += result.usage
                job.cost &+= result.costMicroUSD
                if result.costMicroUSD > 0 { job.reports += 1 }
            }
        }
        unfinished -= 1
    }

    private mutating func reopen(_ id: TaskID, closedRow: UInt64) {
        change(id) { task, job in
            task.end = nil
            task.closedRow = max(task.closedRow, closedRow)
            task.failures = 0
            task.crashes = 0
            task.isGivenUp = false
            task.retryAt = nil
            task.due = 0
            task.cancelRequested = false
            job.unfinished += 1
        }
        unfinished += 1
    }

    private mutating func forget(_ id: JobID) {
        guard let place = places.removeValue(forKey: id) else { return }
        jobs.remove(at: place)
        for later in place..<jobs.count { places[jobs[later].id] = later }
        pruned.insert(id)
    }
}

extension Ledger {
    /// What a new coordinator finds.
    func recovered() -> RecoveredState {
        var state = RecoveredState()
        state.jobs = jobs.map { recovered($0, isWhole: false) }
        for row in rows.keys.sorted() {
            guard let known = rows[row] else { continue }
            state.frame.assignments.append(RecoveredAssignment(row: row, agent: known.agent, attempts: known.attempts))
        }
        state.frame.agents = agents.mapValues { RecoveredAgent(name: $0.name, isDrained: $0.isDrained) }
        state.frame.nextSequence = highestSequence + 1
        state.frame.nextRow = highestRow + 1
        state.frame.nextJob = highestJob + 1
        state.frame.isPaused = isPaused
        state.frame.sweeps = sweeps
        state.frame.quotas = quotas
        state.frame.quotaLessons = quotaLessons.sorted { $0.key < $1.key }.map(\.value)
        state.frame.quotaLimits = quotaLimits.sorted { $0.key < $1.key }.map {
            RecoveredLimit(name: $0.key, limit: $0.value.description)
        }
        state.frame.spent = spent
        return state
    }

    /// A job as the store has it; whole: with the tasks of a finished one as well.
    func recovered(_ job: Job, isWhole: Bool) -> RecoveredJob {
        let isLean = job.finish != nil && !isWhole
        var links: [RecoveredLinks] = []
        var holds: [RecoveredHold] = []
        var heads: [RecoveredHead] = []
        if !isLean {
            for (index, task) in job.tasks.enumerated() {
                if !task.after.isEmpty || !task.context.isEmpty {
                    links.append(
                        RecoveredLinks(index: UInt32(index), after: task.after, context: task.context, fork: task.fork))
                }
                if let head = task.head { heads.append(RecoveredHead(index: UInt32(index), head: head)) }
                if let why = task.held { holds.append(RecoveredHold(index: UInt32(index), why: why)) }
            }
        }
        return RecoveredJob(
            id: job.id, spec: job.spec, key: job.key, submittedAt: job.submittedAt, finishedAt: job.finish?.finishedAt,
            sealed: job.isSealed, switches: job.switches, options: isLean ? [] : job.options,
            tasks: isLean ? [] : ContiguousArray(job.tasks.map(recovered)), links: links, holds: holds, heads: heads,
            counts: job.finish?.counts ?? JobCounts(), usage: job.usage, costMicroUSD: job.cost, retried: job.retried,
            reports: isLean ? 0 : job.reports)
    }

    private func recovered(_ task: TaskRow) -> RecoveredTask {
        RecoveredTask(
            sequence: task.sequence, options: UInt16(truncatingIfNeeded: task.row), queuedAt: task.queuedAt,
            end: task.end,
            attempt: task.lastEnded, failures: task.failures, crashes: task.crashes, givenUp: task.isGivenUp,
            cancelRequested: task.cancelRequested, retryAt: task.retryAt, closedRow: task.closedRow)
    }
}
