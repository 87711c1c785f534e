import ClusterModel
import ClusterWire

/// One batch of a submit as it travels, but for its head: what fits a frame.
struct OutgoingBatch: Equatable {
    var firstIndex: UInt32
    var taskCount: UInt32
    var seal: Bool
    /// Options, tasks, their first numbers and the seal: the fields of a `Submit` from 4 on.
    var body: [UInt8]

    /// Tasks of the job up to its end.
    var end: UInt32 { firstIndex + taskCount }
}

/// Cuts a job into batches as its tasks come: what is in memory is one batch and one task. A row of options travels with the
/// first task that names it.
struct OutgoingBatches {
    /// Gives the next task; nil after the last.
    typealias Pull = () async throws -> TaskSpec?

    private let options: [TaskOptions]
    private let fillBytes: Int
    private let tasksAtMost: Int
    private let pull: Pull
    /// Pulled, and not yet in a batch.
    private var carried: TaskSpec?
    private var isStarted = false
    private var nextIndex: UInt32 = 0
    private var nextOptions = 0
    private var isDone = false
    private var batchBytes = 0

    init(
        options: [TaskOptions], fillBytes: Int = Limits.frameFillBytes, tasksAtMost: Int = Limits.tasksPerMessage,
        pull: @escaping Pull
    ) {
        self.options = options
        self.fillBytes = fillBytes
        self.tasksAtMost = tasksAtMost
        self.pull = pull
    }

    /// The next batch, the last one sealed; nil after it.
    /// - Throws: What the tasks' source throws, and ``CoordinatorFailure`` for a task that can't travel.
    mutating func next() async throws -> OutgoingBatch? {
        if isDone { return nil }
        if !isStarted {
            isStarted = true
            carried = try await pull()
            guard carried != nil else {
                throw CoordinatorFailure(code: .invalid, message: "there is nothing to submit: the job has no task")
            }
        }
        let firstOptions = nextOptions
        var rows: [UInt8] = []
        var tasks: [UInt8] = []
        tasks.reserveCapacity(batchBytes)
        var count: UInt32 = 0
        while let task = carried, Int(count) < tasksAtMost {
            guard try appendRows(upTo: task, to: &rows, room: fillBytes - tasks.count) else { break }
            let room = count == 0 && rows.isEmpty ? Limits.frameBytes : fillBytes - rows.count - tasks.count
            guard try task.append(to: &tasks, room: room) else {
                if count > 0 || !rows.isEmpty { break }
                throw CoordinatorFailure(
                    code: .invalid, message: "task \(nextIndex) is over the limit of \(Limits.frameBytes) bytes")
            }
            count += 1
            carried = try await pull()
        }
        // Later batches are about as large.
        batchBytes = tasks.count + tasks.count / 8
        isDone = carried == nil
        let batch = OutgoingBatch(
            firstIndex: nextIndex, taskCount: count, seal: isDone,
            body: body(rows: rows, firstOptions: firstOptions, tasks: tasks))
        nextIndex += count
        return batch
    }

    /// Goes through the rest without a batch.
    /// - Returns: All tasks of the job.
    mutating func countRest() async throws -> Int {
        guard carried != nil else { return Int(nextIndex) }
        carried = nil
        isDone = true
        var count = Int(nextIndex) + 1
        while try await pull() != nil { count += 1 }
        return count
    }

    /// Appends the rows up to the task's own that have not travelled yet.
    /// - Returns: False if they take more than `room`: then the batch ends, and the next goes on with them.
    private mutating func appendRows(upTo task: TaskSpec, to rows: inout [UInt8], room: Int) throws -> Bool {
        guard Int(task.options) < options.count else {
            throw CoordinatorFailure(
                code: .invalid,
                message: "task \(nextIndex) names row \(task.options) of \(options.count) rows of options")
        }
        while nextOptions <= Int(task.options) {
            let row: [UInt8] = try options[nextOptions].proto.serializedBytes()
            if rows.count + row.count + 8 > room { return false }
            WireBytes.append(4, bytes: row, to: &rows)
            nextOptions += 1
        }
        return true
    }

    private func body(rows: [UInt8], firstOptions: Int, tasks: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(rows.count + tasks.count + 24)
        body += rows
        WireBytes.append(5, UInt64(firstOptions), to: &body)
        body += tasks
        WireBytes.append(7, UInt64(nextIndex), to: &body)
        WireBytes.append(8, isDone ? 1 : 0, to: &body)
        return body
    }
}

/// Puts an envelope around a batch's body.
struct SubmitEnvelope {
    /// The fields of a `Submit` up to 3: its key, and its job or what the job is.
    let head: [UInt8]

    /// Of the first batch, which brings the job.
    init(key: SubmissionKey, spec: JobSpec) throws {
        var message = Ccorchestrator_V1_Submit()
        message.submissionKey.append(contentsOf: key.bytes)
        message.spec = spec.proto
        head = try message.serializedBytes()
    }

    /// Of later ones.
    init(key: SubmissionKey, job: JobID) throws {
        var message = Ccorchestrator_V1_Submit()
        message.submissionKey.append(contentsOf: key.bytes)
        message.job = UInt64(job.rawValue)
        head = try message.serializedBytes()
    }

    /// The whole request.
    func frame(_ batch: OutgoingBatch, id: UInt64) throws -> [UInt8] {
        var request = Ccorchestrator_V1_ClientRequest()
        request.requestID = id
        request.protocol = .current
        var frame: [UInt8] = try request.serializedBytes()
        let count = head.count + batch.body.count
        frame.reserveCapacity(frame.count + count + 8)
        WireBytes.appendTag(10, isVarint: false, to: &frame)
        WireBytes.appendVarint(UInt64(count), to: &frame)
        frame += head
        frame += batch.body
        guard frame.count <= Limits.frameBytes else {
            throw CoordinatorFailure(
                code: .invalid, message: "a request of \(frame.count) bytes is over the limit of \(Limits.frameBytes)")
        }
        return frame
    }
}
