import ClusterWire
import CoordinatorClient
import Foundation
import Synchronization

/// The far side of a connection: answers requests by a script, and keeps what came.
final class FakeCoordinator: FrameTransport {
    typealias Request = Ccorchestrator_V1_ClientRequest
    typealias Reply = Ccorchestrator_V1_ClientReply
    /// Nil: no answer now; ``answer(_:)`` gives one later.
    typealias Script = @Sendable (Request, FakeCoordinator) -> Reply.OneOf_Body?

    let events: AsyncStream<TransportEvent>
    private let continuation: AsyncStream<TransportEvent>.Continuation
    private let script: Script
    private let received = Mutex<[Request]>([])

    init(_ script: @escaping Script) {
        (events, continuation) = AsyncStream.makeStream(of: TransportEvent.self)
        self.script = script
        continuation.yield(.connected)
    }

    var requests: [Request] { received.withLock { $0 } }

    func send(_ frame: [UInt8]) throws {
        let request = try Request(serializedBytes: frame)
        received.withLock { $0.append(request) }
        if let body = script(request, self) { answer(request.requestID, body) }
    }

    func answer(_ id: UInt64, _ body: Reply.OneOf_Body) {
        var reply = Reply()
        reply.requestID = id
        reply.body = body
        guard let bytes: [UInt8] = try? reply.serializedBytes() else { preconditionFailure("a reply can't be encoded") }
        continuation.yield(.frame(bytes))
    }

    func close() { continuation.finish() }

    /// A client whose only connection leads here.
    func client(_ limits: ClientLimits = ClientLimits()) throws -> CoordinatorClient {
        try CoordinatorClient(endpoint: "fake", limits: limits) { _ in self }
    }
}

/// A coordinator's bookkeeping of submits, by the rules of the protocol.
final class FakeQueue: Sendable {
    struct Job {
        var tasks: [Ccorchestrator_V1_TaskSpec] = []
        var options: [Ccorchestrator_V1_TaskOptions] = []
        var spec = Ccorchestrator_V1_JobSpec()
        var sealed = false
    }

    private let jobs = Mutex<[(key: Data, job: Job)]>([])

    var all: [Job] { jobs.withLock { $0.map(\.job) } }

    /// What the real one answers.
    func take(_ submit: Ccorchestrator_V1_Submit) -> Ccorchestrator_V1_ClientReply.OneOf_Body {
        jobs.withLock { jobs in
            var place = jobs.firstIndex { $0.key == submit.submissionKey }
            if place == nil {
                guard submit.firstIndex == 0 else { return Self.failure("unknown_job", "send the first batch first") }
                place = jobs.count
                var job = Job()
                job.spec = submit.spec
                jobs.append((submit.submissionKey, job))
            }
            guard let place else { preconditionFailure("the job is there") }
            var job = jobs[place].job
            let have = job.tasks.count
            let first = Int(submit.firstIndex)
            if first + submit.tasks.count <= have && (job.sealed || !submit.seal) { return Self.submitted(place, job) }
            if job.sealed { return Self.failure("job_sealed", "job \(place + 1) is whole with its \(have) tasks") }
            if first > have { return Self.failure("invalid", "a batch before this one is missing") }
            job.tasks += submit.tasks.dropFirst(have - first)
            job.options += submit.options.dropFirst(job.options.count - Int(submit.firstOptions))
            job.sealed = submit.seal
            jobs[place].job = job
            return Self.submitted(place, job)
        }
    }

    static func failure(_ code: String, _ message: String) -> Ccorchestrator_V1_ClientReply.OneOf_Body {
        var failure = Ccorchestrator_V1_Failure()
        failure.code = code
        failure.message = message
        return .failure(failure)
    }

    private static func submitted(_ place: Int, _ job: Job) -> Ccorchestrator_V1_ClientReply.OneOf_Body {
        var reply = Ccorchestrator_V1_Submitted()
        reply.job = UInt64(place + 1)
        reply.taskCount = UInt32(job.tasks.count)
        reply.sealed = job.sealed
        return .submitted(reply)
    }
}
