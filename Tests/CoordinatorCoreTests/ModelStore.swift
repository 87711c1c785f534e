import ClusterModel
import Quotas

@testable import CoordinatorCore

/// A store in memory, written from the meaning of the records alone. It also judges them: what two records say must agree.
struct ModelStore {
    struct Task {
        var sequence: UInt64
        var spec: TaskSpec
        var end: EndedTask?
        var ended: [EndedAttempt] = []
        var cancelRequested = false
        /// The last attempt that was sent.
        var sent: UInt32 = 0
        var queuedAt: WallTime
        var held: String?
        var head: ConversationHead?
        var isPruned = false

        /// Whether the last attempt was closed without a result and nobody was sent since.
        var isGivenUp: Bool { end == nil && ended.last.map { $0.givenUp && $0.number.attempt == sent } ?? false }
    }

    struct Job {
        var spec: JobSpec
        var key: SubmissionKey
        var submittedAt: WallTime
        var sealed = false
        var options: [TaskOptions] = []
        var tasks: [Task] = []
        var summary: JobSummary?
        var switches = JobSwitches()
        /// Every attempt that ended without ending its task, or whose end was taken back.
        var retried: UInt64 { tasks.reduce(0) { $0 + UInt64($1.ended.count) } }
    }

    private(set) var jobs: [JobID: Job] = [:]
    private(set) var order: [JobID] = []
    private(set) var rows: [UInt64: (agent: AgentID, attempts: [AttemptNumber])] = [:]
    private(set) var agents: [AgentID: RecoveredAgent] = [:]
    private(set) var isPaused = false
    private(set) var sweeps: [RecoveredSweep] = []
    private(set) var quotas: [String: QuotaRecord] = [:]
    private(set) var quotaLimits: [String: BucketLimit] = [:]
    private(set) var quotaLessons: [String: QuotaLesson] = [:]
    private(set) var spent: DaySpend?
    private(set) var nextJob: UInt32 = 1
    /// Ends of tasks that were taken back: reported once, and not lost.
    private(set) var reopened = 0
    /// Keys of jobs that were forgotten: a repeated batch of theirs is a new submit.
    private(set) var prunedKeys: Set<SubmissionKey> = []
    private(set) var setAside: [(token: AttemptToken, reason: SetAsideReason)] = []
    /// Attempts that an agent holds, by task.
    private(set) var open: [TaskID: (row: UInt64, attempt: UInt32, agent: AgentID)] = [:]
    /// Tokens whose result is here, wherever it was put.
    private(set) var reported: Set<AttemptToken> = []
    /// Records that contradict each other.
    private(set) var violations: [String] = []
    let storeID: StoreID
    private var highestRow: UInt64 = 0

    init(storeID: StoreID) { self.storeID = storeID }

    private func token(_ number: AttemptNumber) -> AttemptToken {
        AttemptToken(store: storeID, task: number.task, attempt: number.attempt)
    }

    func task(_ id: TaskID) -> Task? {
        guard let job = jobs[id.job], Int(id.index) < job.tasks.count else { return nil }
        return job.tasks[Int(id.index)]
    }

    /// One transaction.
    mutating func apply(_ records: [DurableRecord]) {
        var retired: [UInt64] = []
        for record in records {
            if case .assignmentRetired(let row) = record { retired.append(row) }
            apply(record)
        }
        for row in retired {
            if !(!open.values.contains { $0.row == row }) {
                violations.append("row \(row) was retired with an attempt open in it")
            }
        }
    }

    private mutating func apply(_ record: DurableRecord) {
        switch record {
        case .jobOpened(let id, let spec, let key, let at):
            if !(jobs[id] == nil) { violations.append("job \(id) was opened twice") }
            if !(!jobs.values.contains { $0.key == key }) { violations.append("job \(id) has the key of another") }
            if id.rawValue < nextJob { violations.append("job \(id) has the number of an earlier one") }
            nextJob = id.rawValue + 1
            jobs[id] = Job(spec: spec, key: key, submittedAt: at)
            jobs[id]?.switches.isPaused = spec.isPaused
            order.append(id)
        case .optionsAdded(let id, let first, let options):
            if !(jobs[id]?.options.count == Int(first)) {
                violations.append("options of job \(id) leave a gap at \(first)")
            }
            jobs[id]?.options += options
        case .tasksAdded(let id, let first, let sequence, let tasks, let at):
            if !(jobs[id]?.tasks.count == Int(first) && jobs[id]?.sealed == false) {
                violations.append("job \(id) can't take tasks from \(first)")
            }
            for (offset, spec) in tasks.enumerated() {
                jobs[id]?.tasks.append(Task(sequence: sequence + UInt64(offset), spec: spec, queuedAt: at))
            }
        case .jobSealed(let id):
            if !(jobs[id]?.sealed == false) { violations.append("job \(id) was sealed twice") }
            jobs[id]?.sealed = true
        case .assigned(let row, let agent, let numbers, _): assign(row, agent, numbers)
        case .assignmentRetired(let row):
            if !(rows.removeValue(forKey: row) != nil) { violations.append("row \(row) was retired and is not there") }
        case .attemptEnded(let attempt): end(attempt)
        case .taskEnded(let task): end(task)
        case .cancelRequested(let id):
            if !(open[id] != nil) { violations.append("task \(id) is told to stop and does not run") }
            jobs[id.job]?.tasks[Int(id.index)].cancelRequested = true
        case .headKept(let id, let head):
            if task(id)?.end.map({ $0.state != .succeeded }) ?? false {
                violations.append("task \(id) has not succeeded and leaves a conversation")
            }
            jobs[id.job]?.tasks[Int(id.index)].head = head
        case .headDropped(let id):
            if task(id)?.head == nil { violations.append("task \(id) has no conversation to drop") }
            jobs[id.job]?.tasks[Int(id.index)].head = nil
        case .jobFinished(let summary): finish(summary)
        case .resultSetAside(let result, _, let reason, _):
            setAside.append((result.token, reason))
            reported.insert(result.token)
        case .agentSeen(let id, let name, _):
            agents[id] = RecoveredAgent(name: name, isDrained: agents[id]?.isDrained ?? false)
        case .jobChanged(let id, let switches): jobs[id]?.switches = switches
        case .queuePaused(let paused): isPaused = paused
        case .optionsChanged(let id, let row, let options): jobs[id]?.options[Int(row)] = options
        case .taskMoved(let id, let row): jobs[id.job]?.tasks[Int(id.index)].spec.options = row
        case .taskHeld(let id, let why):
            if task(id)?.end != nil { violations.append("task \(id) is held after its end") }
            jobs[id.job]?.tasks[Int(id.index)].held = why
        case .taskReleased(let id):
            if task(id)?.held == nil { violations.append("task \(id) is released and was not held") }
            jobs[id.job]?.tasks[Int(id.index)].held = nil
        case .taskReopened(let id, let closedRow): reopen(id, closedRow)
        case .jobReopened(let id):
            if jobs[id]?.summary == nil { violations.append("job \(id) was reopened and had not finished") }
            jobs[id]?.summary = nil
        case .agentDrained(let id, let drained): agents[id]?.isDrained = drained
        case .quotas(let snapshot): for record in snapshot.records { quotas[record.name] = record }
        case .quotaLessons(let lessons):
            for lesson in lessons { quotaLessons["\(lesson.kind.rawValue) \(lesson.name)"] = lesson }
        case .quotaLimit(let name, let limit): quotaLimits[name] = limit
        case .budgetChanged(let id, let spec): jobs[id]?.spec = spec
        case .daySpent(let spent):
            if let before = self.spent, before.day == spent.day,
                spent.spend.microUSD < before.spend.microUSD || spent.spend.tokens < before.spend.tokens
            {
                violations.append("less is spent on day \(spent.day) than was")
            }
            self.spent = spent
        case .sweepBegun(let id, let kind): sweeps.append(RecoveredSweep(job: id, kind: kind))
        case .sweepEnded(let id, let kind):
            let before = sweeps.count
            sweeps.removeAll { $0.job == id && $0.kind == kind }
            if sweeps.count != before - 1 { violations.append("a \(kind) of job \(id) ended that had not begun") }
        case .pruned(let id, let first, let count, let isLast):
            if jobs[id]?.summary == nil { violations.append("job \(id) was pruned and had not finished") }
            for index in Int(first)..<Int(first + count) { jobs[id]?.tasks[index].isPruned = true }
            guard isLast else { return }
            if jobs[id]?.tasks.contains(where: { !$0.isPruned }) == true {
                violations.append("job \(id) was pruned in part")
            }
            if let key = jobs.removeValue(forKey: id)?.key { prunedKeys.insert(key) }
            order.removeAll { $0 == id }
        }
    }

    private mutating func reopen(_ id: TaskID, _ closedRow: UInt64) {
        guard var task = task(id), let end = task.end else {
            violations.append("task \(id) was reopened and had not ended"); return
        }
        if end.state == .succeeded || end.state == .cancelled {
            violations.append("task \(id) was reopened after \(end.state)")
        }
        for place in task.ended.indices {
            task.ended[place].failures = 0
            task.ended[place].crashes = 0
            task.ended[place].givenUp = false
        }
        if let agent = end.agent {
            task.ended.append(
                EndedAttempt(
                    number: AttemptNumber(task: id, attempt: end.attempt), agent: agent, row: closedRow,
                    failure: end.failure ?? end.result?.failure ?? TaskFailure(.crash, ""), failures: 0, givenUp: false,
                    retryAt: WallTime(milliseconds: 0), at: end.at, usage: end.result?.usage ?? Usage(),
                    costMicroUSD: end.result?.costMicroUSD ?? 0, instance: end.result?.instance ?? ""))
        }
        task.end = nil
        task.cancelRequested = false
        reopened += 1
        jobs[id.job]?.tasks[Int(id.index)] = task
    }

    private mutating func assign(_ row: UInt64, _ agent: AgentID, _ numbers: [AttemptNumber]) {
        if !(row > highestRow && rows[row] == nil) { violations.append("row \(row) comes after row \(highestRow)") }
        if !(!numbers.isEmpty) { violations.append("row \(row) is empty") }
        highestRow = max(highestRow, row)
        rows[row] = (agent, numbers)
        for number in numbers {
            guard let task = task(number.task) else {
                violations.append("task \(number.task) was sent and is not there"); continue
            }
            if !(open[number.task] == nil) { violations.append("task \(number.task) has two open attempts") }
            if !(task.end == nil) { violations.append("task \(number.task) was sent after its end") }
            let takenBack = task.isGivenUp && number.attempt == task.sent
            if !(number.attempt == task.sent + 1 || takenBack) {
                violations.append("attempt \(number.attempt) of task \(number.task) after \(task.sent)")
            }
            jobs[number.task.job]?.tasks[Int(number.task.index)].sent = number.attempt
            open[number.task] = (row, number.attempt, agent)
            jobs[number.task.job]?.tasks[Int(number.task.index)].held = nil
            if task.held != nil { violations.append("task \(number.task) was sent while it is held") }
        }
    }

    private mutating func end(_ attempt: EndedAttempt) {
        let id = attempt.number.task
        guard let task = task(id) else {
            violations.append("an attempt of task \(id) ended, which is not there"); return
        }
        if !(task.end == nil) { violations.append("an attempt of task \(id) ended after its task") }
        if attempt.row != 0 {
            if !(open[id]?.row == attempt.row && open[id]?.attempt == attempt.number.attempt) {
                violations.append("task \(id): an attempt ended that was not open")
            }
            open[id] = nil
        } else {
            if !(open[id] == nil && task.isGivenUp && task.sent == attempt.number.attempt) {
                violations.append("task \(id): a late report of an attempt not given up")
            }
        }
        if !attempt.givenUp {
            if !(reported.insert(token(attempt.number)).inserted) {
                violations.append("\(token(attempt.number)) was reported twice")
            }
        }
        jobs[id.job]?.tasks[Int(id.index)].ended.append(attempt)
    }

    private mutating func end(_ end: EndedTask) {
        guard let task = task(end.task) else { violations.append("task \(end.task) ended and is not there"); return }
        if !(task.end == nil) { violations.append("task \(end.task) has two ends") }
        if !(end.state.isEnd) { violations.append("task \(end.task) ended as \(end.state.name)") }
        if let result = end.result {
            if !(result.token.task == end.task && result.token.attempt == end.attempt) {
                violations.append("task \(end.task) ended by another's result")
            }
            if !(open[end.task]?.attempt == end.attempt || task.isGivenUp) {
                violations.append("task \(end.task) ended by an attempt that was not open")
            }
            if !(reported.insert(result.token).inserted) { violations.append("\(result.token) was reported twice") }
        }
        open[end.task] = nil
        jobs[end.task.job]?.tasks[Int(end.task.index)].held = nil
        jobs[end.task.job]?.tasks[Int(end.task.index)].end = end
    }

    private mutating func finish(_ summary: JobSummary) {
        guard let job = jobs[summary.id] else {
            violations.append("job \(summary.id) finished and is not there"); return
        }
        if !(job.summary == nil && job.sealed) { violations.append("job \(summary.id) finished twice or unsealed") }
        var counts = JobCounts()
        counts.tasks = UInt32(job.tasks.count)
        for task in job.tasks { if let end = task.end { counts[end.state] += 1 } }
        if !(counts == summary.counts && counts.ended == counts.tasks) {
            violations.append("job \(summary.id) finished as \(summary.counts), its ends say \(counts)")
        }
        let (usage, cost) = spent(job)
        if !(usage == summary.usage && cost == summary.costMicroUSD) {
            violations.append("job \(summary.id) finished with another usage than its attempts'")
        }
        jobs[summary.id]?.summary = summary
    }

    private func reports(_ job: Job) -> UInt64 {
        var count: UInt64 = 0
        for task in job.tasks {
            for attempt in task.ended where attempt.usage.total > 0 || attempt.costMicroUSD > 0 { count += 1 }
            if let result = task.end?.result, result.usage.total > 0 || result.costMicroUSD > 0 { count += 1 }
        }
        return count
    }

    private func spent(_ job: Job) -> (Usage, UInt64) {
        var usage = Usage()
        var cost: UInt64 = 0
        for task in job.tasks {
            for attempt in task.ended { usage += attempt.usage; cost += attempt.costMicroUSD }
            if let result = task.end?.result { usage += result.usage; cost += result.costMicroUSD }
        }
        return (usage, cost)
    }

    /// The store numbers on from here. Numbers of rows that are retired and that no attempt names may come again.
    mutating func reopened(nextRow: UInt64) { highestRow = nextRow - 1 }

    /// What a new coordinator goes on from.
    func recovered() -> RecoveredState {
        var state = RecoveredState()
        var sequence: UInt64 = 0
        for id in order {
            sequence = max(sequence, jobs[id]?.tasks.last?.sequence ?? 0)
            if let job = recoveredJob(id, whole: false) { state.jobs.append(job) }
        }
        for row in rows.keys.sorted() {
            guard let known = rows[row] else { continue }
            state.frame.assignments.append(RecoveredAssignment(row: row, agent: known.agent, attempts: known.attempts))
        }
        state.frame.agents = agents
        state.frame.isPaused = isPaused
        state.frame.sweeps = sweeps
        state.frame.quotaLessons = quotaLessons.sorted { $0.key < $1.key }.map(\.value)
        state.frame.quotas = quotas.sorted { $0.key < $1.key }.map(\.value)
        state.frame.quotaLimits = quotaLimits.sorted { $0.key < $1.key }.map {
            RecoveredLimit(name: $0.key, limit: "\($0.value)")
        }
        state.frame.spent = spent
        state.frame.nextJob = nextJob
        state.frame.nextSequence = sequence + 1
        state.frame.nextRow = highestRow + 1
        return state
    }

    /// One job; of a finished one the tasks only if it is wanted whole.
    func recoveredJob(_ id: JobID, whole: Bool) -> RecoveredJob? {
        guard let job = jobs[id] else { return nil }
        let (usage, cost) = spent(job)
        let isWhole = whole || job.summary == nil
        return RecoveredJob(
            id: id, spec: job.spec, key: job.key, submittedAt: job.submittedAt, finishedAt: job.summary?.finishedAt,
            sealed: job.sealed, switches: job.switches, options: isWhole ? job.options : [],
            tasks: isWhole ? ContiguousArray(job.tasks.map(recovered)) : [],
            links: isWhole
                ? job.tasks.enumerated().compactMap { index, task in
                    task.spec.after.isEmpty && task.spec.context.isEmpty
                        ? nil
                        : RecoveredLinks(
                            index: UInt32(index), after: task.spec.after, context: task.spec.context,
                            fork: task.spec.fork)
                } : [],
            holds: isWhole
                ? job.tasks.enumerated().compactMap { index, task in
                    task.held.map { RecoveredHold(index: UInt32(index), why: $0) }
                } : [],
            heads: isWhole
                ? job.tasks.enumerated().compactMap { index, task in
                    task.head.map { RecoveredHead(index: UInt32(index), head: $0) }
                } : [],
            counts: job.summary?.counts ?? JobCounts(), usage: usage, costMicroUSD: cost, retried: job.retried,
            reports: isWhole ? reports(job) : 0)
    }

    private func recovered(_ task: Task) -> RecoveredTask {
        let last = task.ended.last
        let row = task.ended.map(\.row).max() ?? 0
        if let end = task.end {
            return RecoveredTask(
                sequence: task.sequence, options: UInt16(task.spec.options), queuedAt: task.queuedAt, end: end.state,
                attempt: end.attempt, cancelRequested: task.cancelRequested, closedRow: row)
        }
        return RecoveredTask(
            sequence: task.sequence, options: UInt16(task.spec.options), queuedAt: task.queuedAt,
            attempt: last?.number.attempt ?? 0, failures: last?.failures ?? 0, crashes: last?.crashes ?? 0,
            givenUp: last?.givenUp ?? false, cancelRequested: task.cancelRequested, retryAt: last?.retryAt,
            closedRow: row)
    }
}
