import ClusterModel
import CoordinatorCore

extension DurableRecord {
    /// Its name in the census.
    var censusName: String {
        switch self {
        case .jobOpened: "record.jobOpened"
        case .optionsAdded: "record.optionsAdded"
        case .tasksAdded: "record.tasksAdded"
        case .jobSealed: "record.jobSealed"
        case .assigned: "record.assigned"
        case .assignmentRetired: "record.assignmentRetired"
        case .attemptEnded: "record.attemptEnded"
        case .taskEnded: "record.taskEnded"
        case .cancelRequested: "record.cancelRequested"
        case .jobFinished: "record.jobFinished"
        case .resultSetAside: "record.resultSetAside"
        case .agentSeen: "record.agentSeen"
        case .jobChanged: "record.jobChanged"
        case .queuePaused: "record.queuePaused"
        case .optionsChanged: "record.optionsChanged"
        case .taskMoved: "record.taskMoved"
        case .taskHeld: "record.taskHeld"
        case .taskReleased: "record.taskReleased"
        case .taskReopened: "record.taskReopened"
        case .jobReopened: "record.jobReopened"
        case .agentDrained: "record.agentDrained"
        case .sweepBegun: "record.sweepBegun"
        case .sweepEnded: "record.sweepEnded"
        case .pruned: "record.pruned"
        case .quotas: "record.quotas"
        case .quotaLimit: "record.quotaLimit"
        case .quotaLessons: "record.quotaLessons"
        case .budgetChanged: "record.budgetChanged"
        case .daySpent: "record.daySpent"
        case .headKept: "record.headKept"
        case .headDropped: "record.headDropped"
        }
    }

    /// What the trace says of it.
    var line: String {
        switch self {
        case .jobOpened(let id, let spec, _, _):
            "job \(id) opened, weight \(spec.weight), max parallel \(spec.maxParallel)"
        case .optionsAdded(let id, let first, let rows): "job \(id): options \(first)..<\(Int(first) + rows.count)"
        case .tasksAdded(let id, let first, _, let tasks, _): "job \(id): tasks \(first)..<\(Int(first) + tasks.count)"
        case .jobSealed(let id): "job \(id) sealed"
        case .assigned(let row, let agent, let numbers, _):
            "row \(row) to agent \(agent): " + numbers.map { "\($0.task)#\($0.attempt)" }.joined(separator: " ")
        case .assignmentRetired(let row): "row \(row) retired"
        case .attemptEnded(let end):
            "\(end.number.task)#\(end.number.attempt) ended, \(end.failure.errorClass), given up \(end.givenUp), row \(end.row)"
        case .taskEnded(let end): "task \(end.task) ended: \(end.state.name) at attempt \(end.attempt)"
        case .cancelRequested(let id): "task \(id) is to be cancelled"
        case .jobFinished(let summary): "job \(summary.id) finished"
        case .resultSetAside(let result, _, let reason, _): "\(result.token) set aside: \(reason.rawValue)"
        case .agentSeen(let id, let name, _): "agent \(id) seen as \(name)"
        case .jobChanged(let id, let switches): "job \(id) switches \(switches.bits)"
        case .queuePaused(let paused): "queue paused: \(paused)"
        case .optionsChanged(let id, let row, _): "job \(id): options \(row) changed"
        case .taskMoved(let id, let row): "task \(id) moved to options \(row)"
        case .taskHeld(let id, let why): "task \(id) held: \(why)"
        case .taskReleased(let id): "task \(id) released"
        case .taskReopened(let id, let row): "task \(id) reopened, rows closed to \(row)"
        case .jobReopened(let id): "job \(id) reopened"
        case .agentDrained(let id, let drained): "agent \(id) drained: \(drained)"
        case .sweepBegun(let id, let kind): "job \(id): sweep \(kind.rawValue) begun"
        case .sweepEnded(let id, let kind): "job \(id): sweep \(kind.rawValue) ended"
        case .quotas(let snapshot): "limits recorded, number \(snapshot.number)"
        case .quotaLessons(let lessons): "\(lessons.count) lessons of limits"
        case .quotaLimit(let name, let limit): "limit \(name): \(limit?.description ?? "as configured")"
        case .budgetChanged(let id, let spec):
            "job \(id) may spend \(spec.budgetMicroUSD) and \(spec.budgetTokens) tokens"
        case .daySpent(let spent): "day \(spent.day): \(spent.spend.microUSD) and \(spent.spend.tokens) tokens spent"
        case .headKept(let id, let head): "task \(id) left the conversation at turn \(head.turn)"
        case .headDropped(let id): "task \(id): nothing goes on from its conversation"
        case .pruned(let id, let first, let count, let isLast): "job \(id): \(first) + \(count) pruned, last \(isLast)"
        }
    }
}

extension Effect {
    var censusName: String {
        switch self {
        case .reply: "effect.reply"
        case .welcome: "effect.welcome"
        case .refuse: "effect.refuse"
        case .assign: "effect.assign"
        case .acknowledge: "effect.acknowledge"
        case .cancel: "effect.cancel"
        case .reload: "effect.reload"
        }
    }

    var line: String {
        switch self {
        case .reply(let handle, let reply): "reply \(handle.rawValue): \(reply.line)"
        case .welcome(let agent, let welcome):
            "welcome \(agent.rawValue), session \(welcome.session), drop \(welcome.abandon.map(\.description).joined(separator: " "))"
        case .refuse(_, let refusal): "refuse: \(refusal.code)"
        case .assign(let agent, let orders): "assign \(orders.count) to \(agent.rawValue)"
        case .acknowledge(let agent, let tokens): "acknowledge \(tokens.count) to \(agent.rawValue)"
        case .cancel(let agent, let tokens): "cancel \(tokens.count) on \(agent.rawValue)"
        case .reload(let job): "reload job \(job)"
        }
    }
}

extension Reply {
    var censusName: String {
        switch self {
        case .submitted: "reply.submitted"
        case .cancelled: "reply.cancelled"
        case .controlled: "reply.controlled"
        case .pruned: "reply.pruned"
        case .quotaChanged: "reply.quotaChanged"
        case .refused(let code, _): "reply." + code.rawValue
        }
    }

    var line: String {
        switch self {
        case .submitted(let job, let count, let sealed): "job \(job) has \(count) tasks, sealed \(sealed)"
        case .cancelled(let queued, let running): "cancelled \(queued) and \(running)"
        case .controlled(let changed): "changed \(changed)"
        case .quotaChanged(let before, let after): "limit changed from \(before) to \(after)"
        case .pruned(let jobs, let tasks): "pruned \(jobs) and \(tasks)"
        case .refused(let code, let words): "refused \(code.rawValue): \(words)"
        }
    }
}

extension Control {
    var line: String {
        switch self {
        case .pause(let job): "pause \(job.map(\.description) ?? "all")"
        case .resume(let job): "resume \(job.map(\.description) ?? "all")"
        case .hold(let tasks): "hold \(tasks.job) \(tasks.indexes)"
        case .release(let tasks): "release \(tasks.job) \(tasks.indexes)"
        case .retry(let tasks): "retry \(tasks.job) \(tasks.indexes)"
        case .prioritize(let tasks, let priority): "prioritize \(tasks.job) \(tasks.indexes) as \(priority.rawValue)"
        case .budget(let job, let microUSD, let tokens):
            "budget \(job) \(microUSD.map { "\($0)" } ?? "-") \(tokens.map { "\($0)" } ?? "-")"
        case .drain(let agent): "drain \(agent)"
        case .undrain(let agent): "undrain \(agent)"
        }
    }
}

extension Request {
    var line: String {
        switch self {
        case .submit(let batch): "submit from \(batch.firstIndex)"
        case .cancel(let job, let indexes): "cancel \(job) \(indexes)"
        case .control(let control): control.line
        case .prune(let jobs, let age): "prune \(jobs) older than \(age?.rawValue ?? -1)"
        }
    }
}
