import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import ZeroMQ

/// Questions about one task, and about what was set aside.
extension CoordinatorLoop {
    func why(_ query: Ccorchestrator_V1_GetWhy, _ id: UInt64, _ route: RoutingID) throws {
        let job = try job(query.job)
        guard let summary = core.summary(of: job) else { throw WireError("there is no job \(job)") }
        guard query.index < summary.counts.tasks else {
            throw WireError("there is no task \(job).\(query.index): job \(job) has \(summary.counts.tasks)")
        }
        guard let why = core.why(TaskID(job: job, index: query.index), at: clock.now()) else {
            return try whyEnded(TaskID(job: job, index: query.index), id, route)
        }
        var reply = Ccorchestrator_V1_ClientReply()
        reply.why.state = why.state.name
        reply.why.reasons = why.reasons.map { reason in
            var message = Ccorchestrator_V1_Reason()
            message.code = reason.code
            message.text = reason.text
            return message
        }
        reply.why.ahead = why.ahead.map(Int64.init) ?? -1
        reply.why.estimatedStartMs = why.estimatedStart?.rawValue ?? -1
        reply.why.agent = why.agent
        reply.why.attempts = why.attempts
        if why.state.isEnd { return try whyEnded(TaskID(job: job, index: query.index), id, route) }
        try answer(reply, id, route)
    }

    /// A task that has ended waits for nothing: its end says what became of it.
    private func whyEnded(_ task: TaskID, _ id: UInt64, _ route: RoutingID) throws {
        try ask(id, route) { store in
            var reply = Ccorchestrator_V1_ClientReply()
            guard let result = try store.results(of: task.job, from: task.index, limit: 1, bytes: 0).results.first,
                result.task == task
            else {
                reply.failure.code = "unknown_task"
                reply.failure.message = "the end of task \(task) is on its way to disk: ask again in a moment"
                return reply
            }
            reply.why.state = result.state.name
            reply.why.ahead = -1
            reply.why.estimatedStartMs = -1
            reply.why.agent = result.agent
            reply.why.attempts = result.attempts
            if let failure = result.failure {
                var reason = Ccorchestrator_V1_Reason()
                reason.code = failure.errorClass
                reason.text = failure.message
                reply.why.reasons = [reason]
            }
            return reply
        }
    }

    func attempts(_ query: Ccorchestrator_V1_GetAttempts, _ id: UInt64, _ route: RoutingID) throws {
        let task = TaskID(job: try job(query.job), index: query.index)
        guard core.summary(of: task.job) != nil else { throw WireError("there is no job \(task.job)") }
        try ask(id, route) { store in
            var reply = Ccorchestrator_V1_ClientReply()
            reply.attempts.attempts = try store.attempts(of: task).prefix(Self.pageRows).map { attempt in
                var message = Ccorchestrator_V1_EndedAttempt()
                message.attempt = attempt.attempt
                message.agent = attempt.agent
                message.error = attempt.failure.proto
                message.givenUp = attempt.givenUp
                message.endedAtMs = attempt.endedAt.milliseconds
                message.usage = attempt.usage.proto
                message.costMicrousd = attempt.costMicroUSD
                return message
            }
            // The one that ended the task is with its end.
            if let end = try store.results(of: task.job, from: task.index, limit: 1, bytes: 0).results.first,
                end.task == task, end.attempts > 0, !end.agent.isEmpty
            {
                var message = Ccorchestrator_V1_EndedAttempt()
                message.attempt = end.attempts
                message.agent = end.agent
                if let failure = end.failure { message.error = failure.proto }
                message.endedAtMs = end.finishedAt.milliseconds
                message.usage = end.usage.proto
                message.costMicrousd = end.costMicroUSD
                reply.attempts.attempts.append(message)
            }
            return reply
        }
    }

    func setAside(_ query: Ccorchestrator_V1_GetSetAside, _ id: UInt64, _ route: RoutingID) throws {
        let limit = query.limit == 0 ? 100 : min(Int(query.limit), Self.pageRows)
        try ask(id, route) { store in
            var reply = Ccorchestrator_V1_ClientReply()
            // An empty list is an answer, too.
            reply.setAside = Ccorchestrator_V1_SetAside()
            var bytes = 0
            for result in try store.setAside(limit: limit) {
                var message = Ccorchestrator_V1_SetAsideResult()
                message.store = result.token.store.rawValue
                message.job = UInt64(result.token.task.job.rawValue)
                message.index = result.token.task.index
                message.attempt = result.token.attempt
                message.agent = result.agent
                message.reason = result.reason
                message.atMs = result.at.milliseconds
                message.state = result.state.endProto
                switch result.answer {
                case .text(let text): message.answer = text
                case .blob(let blob): message.answer = "\(blob.size) bytes in blob \(blob.hex)"
                case nil: break
                }
                message.message = result.message
                bytes += 256 + message.answer.utf8.count + result.message.utf8.count
                if bytes > Limits.frameFillBytes, !reply.setAside.results.isEmpty { break }
                reply.setAside.results.append(message)
            }
            return reply
        }
    }
}
