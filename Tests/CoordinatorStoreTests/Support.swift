import ClusterModel

@testable import CoordinatorCore

let noon = WallTime(milliseconds: 1_700_000_000_000)
let jobOne = JobID(rawValue: 1)

/// A sealed job and its tasks.
func opened(_ tasks: [TaskSpec], job: JobID = jobOne, sequence: UInt64 = 1) -> [DurableRecord] {
    [
        .jobOpened(
            job, spec: JobSpec(name: "näme ☃"), key: SubmissionKey(high: .max, low: UInt64(job.rawValue)), at: noon),
        .optionsAdded(job, first: 0, [TaskOptions()]),
        .tasksAdded(job, first: 0, firstSequence: sequence, tasks, at: noon),
        .jobSealed(job),
    ]
}

func result(
    _ index: UInt32, attempt: UInt32 = 1, store: UInt64 = 42, _ state: TaskState = .succeeded, answer: Content? = nil,
    structured: Content? = nil, failure: TaskFailure? = nil
) -> AttemptResult {
    AttemptResult(
        token: AttemptToken(store: StoreID(rawValue: store), task: TaskID(job: jobOne, index: index), attempt: attempt),
        state: state,
        answer: answer, structured: structured, failure: failure,
        usage: Usage(inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4),
        costMicroUSD: 5, sessionID: "session", instance: "i-1", startedAt: noon,
        finishedAt: WallTime(milliseconds: noon.milliseconds + 9))
}

func ended(_ result: AttemptResult) -> DurableRecord {
    .taskEnded(
        EndedTask(
            task: result.token.task, state: result.state, attempt: result.token.attempt, agent: AgentID(rawValue: .max),
            result: result,
            failure: nil, at: noon))
}

func failed(_ index: UInt32, attempt: UInt32, row: UInt64, givenUp: Bool, at: Int64 = 0, failures: UInt8 = 0)
    -> DurableRecord
{
    .attemptEnded(
        EndedAttempt(
            number: AttemptNumber(task: TaskID(job: jobOne, index: index), attempt: attempt),
            agent: AgentID(rawValue: 1), row: row,
            failure: TaskFailure(.crash, "x"), failures: failures, givenUp: givenUp,
            retryAt: WallTime(milliseconds: at),
            at: WallTime(milliseconds: at), usage: Usage(), costMicroUSD: 0))
}
