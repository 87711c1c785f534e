import ClusterModel

extension CoordinatorCore {
    /// A result came in. Whatever becomes of it, the agent may forget it once this turn is on disk.
    public mutating func resultArrived(_ reported: AttemptResult, from index: AgentIndex, at now: Moment) {
        let agent = agents[Int(index.rawValue)].id
        var result = priced(reported)
        acknowledge(result.token, of: index)
        if let reason = judge(result.token) {
            resultsSetAside += 1
            record(.resultSetAside(result, agent: agent, reason: reason, at: now.wall), weight: 2)
            return
        }
        let task = result.token.task
        guard let job = place(of: task.job) else { return }
        let attempt = close(task)
        let row = attempt?.row ?? 0
        result = completed(result, by: attempt)
        if let attempt { settleLimits(task, on: attempt.agent, result.usage, at: now.instant) }
        if let attempt {
            let priority = jobs[job].options[Int(jobs[job].tasks[Int(task.index)].options)].value.priority
            settle(job, attempt, priority: priority, tokens: result.usage.total)
        }
        let took = result.finishedAt.milliseconds - result.startedAt.milliseconds
        agents[Int(index.rawValue)].ran(for: took)
        learnCosts(of: task, class: attempt?.admission ?? Self.noClass, took: took)
        if jobs[job].tasks[Int(task.index)].givenUp {
            // Late, but nobody was sent after it: the work is not lost. It leaves the queue as if it had never been given up.
            jobs[job].tasks[Int(task.index)].givenUp = false
            if jobs[job].tasks[Int(task.index)].state == .held { record(.taskReleased(task)) }
            jobs[job].graph?.unmet[task.index] = nil
            move(job, Int(task.index), to: .running)
        }
        if result.state == .succeeded {
            agents[Int(index.rawValue)].succeeded += 1
            if let context = jobs[job].graph?.contextOf[task.index] { jobs[job].graph?.contexts[context].agent = agent }
            keepHead(result.head, after: task, of: agent, in: job)
            end(task, .succeeded, attempt: result.token.attempt, agent: agent, result: result, failure: nil, at: now)
        } else {
            agents[Int(index.rawValue)].failed += 1
            attemptFailed(result, task: task, job: job, agent: agent, row: row, cap: attempt?.cap ?? 0, at: now)
        }
        budgetMoved(job, at: now)
    }

    /// A turn that was broken off reports nothing of what its calls took; and what a budget ended says so.
    private func completed(_ reported: AttemptResult, by attempt: OpenAttempt?) -> AttemptResult {
        guard let attempt else { return reported }
        var result = reported
        if result.usage == Usage(), result.costMicroUSD == 0 {
            result.usage = attempt.callUsage
            result.costMicroUSD = attempt.callCost
        }
        if let why = attempt.refusedByBudget, let failure = result.failure, failure.known == .permanent {
            result.failure = TaskFailure(.budget, why, detail: failure.message)
        }
        return result
    }

    /// Acknowledgements of one agent go together, at the end of the turn.
    private mutating func acknowledge(_ token: AttemptToken, of index: AgentIndex) {
        if let place = acknowledgementPlaces[index] {
            acknowledgements[place].tokens.append(token)
        } else {
            acknowledgementPlaces[index] = acknowledgements.count
            acknowledgements.append((index, [token]))
        }
    }

    /// Nil: the result may end its attempt.
    private func judge(_ token: AttemptToken) -> SetAsideReason? {
        guard token.store == storeID else { return .otherStore }
        guard let job = place(of: token.task.job), token.task.index < jobs[job].counts.tasks else {
            return .unknownTask
        }
        guard jobs[job].finishedAt == nil else { return .stale }
        let entry = jobs[job].tasks[Int(token.task.index)]
        if let attempt = open[token.task.packed] { return attempt.attempt == token.attempt ? nil : .stale }
        let waits = entry.state == .queued || entry.state == .backoff || entry.state == .held || entry.state == .blocked
        return waits && entry.givenUp && entry.attempt == token.attempt ? nil : .stale
    }

    private mutating func attemptFailed(
        _ result: AttemptResult, task: TaskID, job: Int, agent: AgentID, row: UInt64, cap: UInt64, at now: Moment
    ) {
        let index = Int(task.index)
        let number = result.token.attempt
        let failure = result.failure ?? TaskFailure(.crash, "the agent reported no reason")
        let entry = jobs[job].tasks[index]
        if entry.cancelRequested {
            let (state, why) = stopped(job, failure)
            end(task, state, attempt: number, agent: agent, result: result, failure: why, at: now)
            return
        }
        // A cancel that nobody here asked for is the agent's own leaving.
        let errorClass = result.state == .cancelled ? ErrorClass.agentLeft : failure.known ?? .permanent
        // What the job's budget cut short goes on when there is more of it.
        let wasCut = errorClass == .cap && cap > 0 && result.costMicroUSD >= cap
        let burns = errorClass.burnsAttempt && !result.notBurnt && !wasCut
        // Stays at its highest value: a user may allow more attempts than it can count, and maxAttemptsInAll ends those.
        let failures = burns && entry.failures < .max ? entry.failures + 1 : entry.failures
        let crashes = burns && errorClass == .crash ? entry.crashes + 1 : entry.crashes
        guard crashes < configuration.poisonCrashes else {
            let poison = TaskFailure(
                .poison, "it crashed \(crashes) instances; the last: \(failure.message)", detail: failure.detail)
            end(task, .failed, attempt: number, agent: agent, result: result, failure: poison, at: now)
            return
        }
        let asked = jobs[job].options[Int(entry.options)].value.maxAttempts
        let allowed = asked == 0 ? configuration.maxAttempts : asked
        guard errorClass.isRetryable || wasCut, !burns || UInt32(failures) < allowed else {
            end(task, .failed, attempt: number, agent: agent, result: result, failure: failure, at: now)
            return
        }
        guard number < configuration.maxAttemptsInAll else {
            let last = TaskFailure(
                className: failure.errorClass,
                message: "given up after \(number) attempts; the last: \(failure.message)",
                detail: failure.detail)
            end(task, .failed, attempt: number, agent: agent, result: result, failure: last, at: now)
            return
        }
        jobs[job].tasks[index].failures = failures
        jobs[job].tasks[index].crashes = crashes
        jobs[job].retried &+= 1
        count(result, for: job, at: now)
        keepHead(result.head, ofInterrupted: task, burns: burns, of: agent, in: job)
        // What an agent hands back has failed nowhere: it waits only long enough not to return in one crowd.
        let delay = backoff(after: burns ? UInt32(failures) : errorClass == .agentLeft ? 1 : min(number, 4))
        record(
            .attemptEnded(
                EndedAttempt(
                    number: AttemptNumber(task: task, attempt: number), agent: agent, row: row, failure: failure,
                    failures: failures,
                    givenUp: false, retryAt: WallTime(milliseconds: now.wall.milliseconds + delay.rawValue),
                    at: now.wall,
                    usage: result.usage, costMicroUSD: result.costMicroUSD, instance: result.instance, crashes: crashes)
            ))
        move(job, index, to: .backoff)
        waiting.insert(WaitingTask(due: now.instant + delay, task: task.packed, attempt: number))
        skipIfStopped(task, in: job, at: now)
    }

    /// How a task ends that was told to stop: by the user, or by its job's deadline.
    func stopped(_ job: Int, _ failure: TaskFailure) -> (TaskState, TaskFailure) {
        guard jobs[job].switches.isExpired, !jobs[job].isSwept(.cancel) else { return (.cancelled, failure) }
        return (.expired, TaskFailure(.expired, "the job's deadline came while it ran", detail: failure.detail))
    }

    /// Full jitter: anything between zero and a bound that doubles, so that what failed together does not come back together.
    mutating func backoff(after failures: UInt32) -> Milliseconds {
        let doublings = min(failures > 0 ? failures - 1 : 0, 30)
        let bound = min(configuration.retryCap.rawValue, configuration.retryBase.rawValue << Int64(doublings))
        return Milliseconds(bound <= 0 ? 0 : Int64.random(in: 0...bound, using: &jitter))
    }
}
