import ClusterModel
import CoordinatorCore

/// The jobs of each profile.
extension Scenario {
    mutating func makeSubmits(_ draw: inout Draw) {
        switch profile {
        case .fairness: makeFairJobs(&draw)
        case .many: for _ in 0..<25 { add(jobOf(1 + draw.below(4), &draw), at: draw.between(0, .s(15)), &draw) }
        case .graph:
            failurePermille = 150
            for _ in 0..<3 { add(graph(&draw), at: draw.between(0, .s(12)), &draw) }
            addCircle(&draw)
            chainJobs(&draw)
        case .contexts:
            failurePermille = 200
            failures = [.transient, .permanent]
            for _ in 0..<3 { add(contexts(&draw), at: draw.between(0, .s(12)), &draw) }
        case .failures:
            failurePermille = 500
            failures = [
                .rateLimit, .overloaded, .transient, .timeout, .crash, .crash, .auth, .denied, .schema, .permanent,
            ]
            for _ in 0..<4 {
                var job = jobOf(5 + draw.below(25), &draw)
                if draw.below(2) == 0 { job.spec.failuresAtMost = UInt32(draw.below(6)) }
                if draw.below(2) == 0 {
                    // So that a share of the first few is what an attempt costs, at least.
                    let least = UInt64(CoordinatorCore.firstAtOnce) * SimulatedAgent.cost
                    job.spec.budgetMicroUSD = least + UInt64(draw.below(150))
                    job.spec.onBudget = .stop
                }
                add(job, at: draw.between(0, .s(12)), &draw)
            }
        case .priorities, .labels, .parallel, .deadlines, .lost, .mixed:
            failurePermille = 60
            for _ in 0..<4 + draw.below(3) {
                let isGraph = profile == .mixed && draw.below(3) == 0
                add(isGraph ? graph(&draw) : jobOf(5 + draw.below(30), &draw), at: draw.between(0, .s(15)), &draw)
            }
            if profile == .mixed { chainJobs(&draw) }
        }
    }

    /// A job before it is cut into batches.
    struct Draft {
        var spec = JobSpec()
        var options: [TaskOptions] = []
        var tasks: [TaskSpec] = []
        var plans: [TaskPlan] = []
    }

    private func options(_ draw: inout Draw) -> TaskOptions {
        var options = TaskOptions()
        if profile == .priorities || profile == .mixed {
            options.priority = Priority(rawValue: draw.below(10)) ?? .normal
        }
        if profile == .labels || profile == .mixed {
            switch draw.below(5) {
            case 0: options.needs = [LabelRule(key: "gpu")]
            case 1: options.needs = [LabelRule(key: "gpu", value: "a100")]
            case 2: options.avoids = [LabelRule(key: "zone")]
            case 3: options.runner = "exec"
            default: break
            }
            if draw.below(2) == 0 { options.priority = Priority(rawValue: draw.below(10)) ?? .normal }
        }
        if profile == .deadlines, draw.below(2) == 0 { options.expiresAfter = Milliseconds(draw.between(500, 20_000)) }
        if profile == .lost || profile == .mixed { options.onLost = draw.below(2) == 0 ? .hold : .rerun }
        options.onError = draw.below(2) == 0 ? .hold : .skip
        options.maxAttempts = UInt32(draw.below(5))
        return options
    }

    private func jobOf(_ count: Int, _ draw: inout Draw) -> Draft {
        var draft = Draft()
        draft.spec.distribution = draw.pick(Distribution.allCases) ?? .hybrid
        draft.spec.placement = draw.below(3) == 0 ? .pack : .spread
        draft.spec.weight = UInt32(1 + draw.below(30))
        draft.spec.continuesOnFailure = draw.below(4) == 0
        if profile == .parallel || draw.below(8) == 0 { draft.spec.maxParallel = UInt32(1 + draw.below(3)) }
        if profile == .deadlines, draw.below(2) == 0 {
            draft.spec.deadline = WallTime(milliseconds: Clock.wallOrigin + draw.between(2000, 40_000))
        }
        if controlEvery > 0, draw.below(10) == 0 { draft.spec.isPaused = true }
        draft.options = (0..<1 + draw.below(3)).map { _ in options(&draw) }
        for _ in 0..<count {
            draft.tasks.append(TaskSpec(prompt: .text("p"), options: UInt32(draw.below(draft.options.count))))
            draft.plans.append(
                TaskPlan(
                    duration: .ms(draw.below(4) == 0 ? draw.between(1, 50) : draw.between(50, 4000)),
                    tokens: 100 + UInt64(draw.below(900))))
        }
        return draft
    }

    private func graph(_ draw: inout Draw) -> Draft {
        var draft = jobOf(6 + draw.below(30), &draw)
        let count = draft.tasks.count
        // Links go along a random order of the tasks, so some point forward and none makes a circle.
        var rank = Array(0..<count)
        let forward = draw.below(2) == 0
        if forward { rank.shuffle(using: &draw) }
        for index in 0..<count where draw.below(3) > 0 {
            for _ in 0..<1 + draw.below(3) {
                let other = draw.below(count)
                guard rank[other] < rank[index] else { continue }
                draft.tasks[index].after.append(
                    TaskLink(index: UInt32(other), condition: draw.below(3) == 0 ? .end : .success))
            }
        }
        return draft
    }

    private func contexts(_ draw: inout Draw) -> Draft {
        var draft = jobOf(6 + draw.below(25), &draw)
        for index in draft.tasks.indices where draw.below(5) > 0 {
            draft.tasks[index].context = "talk\(draw.below(4))"
            if index > 0, draw.below(6) == 0 { draft.tasks[index].after = [TaskLink(index: UInt32(draw.below(index)))] }
        }
        return draft
    }

    private mutating func addCircle(_ draw: inout Draw) {
        guard controlEvery > 0 else { return }
        var draft = jobOf(3, &draw)
        draft.tasks[0].after = [TaskLink(index: 2)]
        draft.tasks[1].after = [TaskLink(index: 0)]
        draft.tasks[2].after = [TaskLink(index: 1)]
        add(draft, at: draw.between(0, .s(10)), &draw, batches: 1)
        submits[submits.count - 1].isCircular = true
    }

    private mutating func chainJobs(_ draw: inout Draw) {
        for number in 0..<2 {
            add(jobOf(2 + draw.below(4), &draw), at: draw.between(0, .s(14)), &draw)
            submits[submits.count - 1].after = (number, draw.below(2) == 0 ? .success : .end)
        }
    }

    private mutating func makeFairJobs(_ draw: inout Draw) {
        let varies = draw.below(2) == 0
        let longest = draw.below(4) == 0 ? 10_000 : draw.between(300, 3000)
        for _ in 0..<2 + draw.below(3) {
            let weight = 10 * (1 + draw.below(4))
            var draft = Draft()
            draft.spec.weight = UInt32(weight)
            draft.spec.distribution = draw.pick(Distribution.allCases) ?? .hybrid
            draft.options = [TaskOptions()]
            let base = 200 + UInt64(draw.below(400))
            // Enough tasks that every job is backlogged in the window that is judged.
            for _ in 0..<Int(UInt64(weight) * 8000 / base) {
                draft.tasks.append(TaskSpec(prompt: .text("p")))
                let tokens = varies ? base / 2 + UInt64(draw.below(Int(base))) : base
                draft.plans.append(TaskPlan(duration: .ms(draw.between(longest / 3, longest)), tokens: tokens))
            }
            add(draft, at: 0, &draw)
        }
    }

    private mutating func add(_ draft: Draft, at: Micros, _ draw: inout Draw, batches: Int? = nil) {
        let key = SubmissionKey(high: seed, low: UInt64(submits.count))
        var batches = batches ?? 1 + draw.below(3)
        batches = max(batches, (draft.tasks.count + Limits.tasksPerMessage - 1) / Limits.tasksPerMessage)
        var cut: [SubmitBatch] = []
        for number in 0..<batches {
            let first = draft.tasks.count * number / batches
            let end = draft.tasks.count * (number + 1) / batches
            cut.append(
                SubmitBatch(
                    key: key, spec: draft.spec, firstOptions: number == 0 ? 0 : UInt32(draft.options.count),
                    options: number == 0 ? draft.options : [], firstIndex: UInt32(first),
                    tasks: Array(draft.tasks[first..<end]), seal: number == batches - 1))
        }
        submits.append(SubmitPlan(at: at, batches: cut, tasks: draft.plans))
    }
}
