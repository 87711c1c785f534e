import ClusterModel
import HeapModule

extension CoordinatorCore {
    /// Hands ready tasks to agents with credit: highest priority first, then first come, each to the least loaded agent.
    public mutating func assignWork(at now: Moment) {
        guard ready.count > 0 else { return }
        var offers = Offers(agents)
        var batches: [(agent: AgentIndex, orders: [AttemptOrder])] = []
        var batchOf: [Int32: Int] = [:]
        while let offer = offers.best, let item = ready.popFirst() {
            let task = TaskID(packed: item.task)
            guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count,
                jobs[job].tasks[Int(task.index)].state == .queued
            else { continue }
            offers.takeBest()
            let order = start(task, in: job)
            if let batch = batchOf[offer.rawValue] {
                batches[batch].orders.append(order)
            } else {
                batchOf[offer.rawValue] = batches.count
                batches.append((offer, [order]))
            }
        }
        for batch in batches {
            let numbers = batch.orders.map { AttemptNumber(task: $0.token.task, attempt: $0.token.attempt) }
            openAttempts(numbers, on: batch.agent, at: now)
            emit(.assign(batch.agent, batch.orders))
        }
    }

    private mutating func start(_ task: TaskID, in job: Int) -> AttemptOrder {
        let index = Int(task.index)
        move(job, index, to: .running)
        jobs[job].tasks[index].attempt += 1
        jobs[job].tasks[index].givenUp = false
        let entry = jobs[job].tasks[index]
        return AttemptOrder(token: token(task, entry.attempt), options: jobs[job].options[Int(entry.options)])
    }

    /// Notes attempts as held by an agent, in one packed row.
    mutating func openAttempts(_ numbers: [AttemptNumber], on index: AgentIndex, at now: Moment) {
        let row = nextRow
        nextRow += 1
        let place = Int(index.rawValue)
        for number in numbers {
            open[number.task.packed] = OpenAttempt(agent: index, attempt: number.attempt, row: row)
            agents[place].open.append(number.task.packed)
        }
        openInRow[row] = numbers.count
        record(.assigned(row: row, agent: agents[place].id, numbers, at: now.wall))
    }

    /// Takes an attempt off its agent's hands; nil when none is open.
    mutating func close(_ task: TaskID) -> OpenAttempt? {
        guard let attempt = open.removeValue(forKey: task.packed) else { return nil }
        let place = Int(attempt.agent.rawValue)
        if let at = agents[place].open.firstIndex(of: task.packed) {
            agents[place].open.swapAt(at, agents[place].open.count - 1)
        }
        agents[place].open.removeLast()
        let left = openInRow[attempt.row, default: 1] - 1
        if left == 0 {
            openInRow[attempt.row] = nil
            record(.assignmentRetired(row: attempt.row))
        } else {
            openInRow[attempt.row] = left
        }
        return attempt
    }

    /// Gives a task its end.
    mutating func end(
        _ task: TaskID, _ state: TaskState, attempt: UInt32, agent: AgentID?, result: AttemptResult?,
        failure: TaskFailure?,
        at now: Moment
    ) {
        guard let job = place(of: task.job) else { return }
        move(job, Int(task.index), to: state)
        if let result {
            jobs[job].usage += result.usage
            jobs[job].costMicroUSD &+= result.costMicroUSD
        }
        record(
            .taskEnded(
                EndedTask(
                    task: task, state: state, attempt: attempt, agent: agent, result: result, failure: failure,
                    at: now.wall)),
            weight: 2)
        finishIfDone(job, at: now)
    }
}

/// The agents with credit, least loaded first; among equals the one that comes first in the table.
private struct Offers {
    private struct Offer: Comparable {
        var agent: Int32
        var held: Int
        var capacity: Int

        /// Compares held ÷ capacity without dividing.
        static func < (a: Self, b: Self) -> Bool {
            let left = a.held * b.capacity
            let right = b.held * a.capacity
            return left != right ? left < right : a.agent < b.agent
        }
    }

    private var heap: Heap<Offer>

    init(_ agents: [AgentEntry]) {
        var offers: [Offer] = []
        for (place, agent) in agents.enumerated() where agent.credit > 0 {
            offers.append(Offer(agent: Int32(place), held: agent.open.count, capacity: Int(agent.report.capacity)))
        }
        heap = Heap(offers)
    }

    var best: AgentIndex? { heap.min.map { AgentIndex(rawValue: $0.agent) } }

    mutating func takeBest() {
        guard var offer = heap.popMin() else { return }
        offer.held += 1
        if offer.held < offer.capacity { heap.insert(offer) }
    }
}
