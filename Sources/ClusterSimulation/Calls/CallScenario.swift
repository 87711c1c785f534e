/// The limits of a run whose tasks call a service, and how that service behaves.
struct CallScenario: Sendable {
    static let classes = ["sonnet", "opus"]
    /// Calls travel from their agents to the service in so much.
    static let travel: ClosedRange<Micros> = .ms(1)...Micros.ms(70)

    private(set) var limits: [WorldLimit] = []
    /// Each call costs what the desk takes for it; else its tokens are learned.
    let isExact: Bool
    /// Of a thousand calls: refused with 429, refused with 529, broken off.
    let refusedPermille: Int
    let overloadedPermille: Int
    let cutPermille: Int
    private let meanInput: Int64
    private let meanOutput: Int64
    private let lasts: ClosedRange<Micros>

    /// These limits, exact costs, and a service that never fails.
    init(limits: [WorldLimit]) {
        self.limits = limits
        isExact = true
        refusedPermille = 0
        overloadedPermille = 0
        cutPermille = 0
        meanInput = 300
        meanOutput = 100
        lasts = .ms(100)...Micros.s(1)
    }

    /// Half of the seeds have limits.
    init?(seed: UInt64, _ profile: Profile) {
        guard profile != .fairness, Draw.fixed(seed, 51) % 2 == 0 else { return nil }
        var draw = Draw(seed: Draw.fixed(seed, 52))
        isExact = draw.below(3) > 0
        refusedPermille = draw.below(4) == 0 ? 0 : draw.below(160)
        overloadedPermille = draw.below(2) == 0 ? 0 : draw.below(60)
        cutPermille = draw.below(2) == 0 ? 0 : draw.below(40)
        meanInput = draw.between(50, 20_000)
        meanOutput = draw.between(50, 600)
        lasts = .ms(draw.between(50, 500))...Micros.ms(draw.between(500, 4000))
        let kinds: [WorldLimit.Kind] = [.requests, .input, .output, .concurrency]
        let binding = draw.below(4)
        for (place, kind) in kinds.enumerated() where place == binding || draw.below(3) == 0 {
            if kind == .concurrency {
                let most = draw.between(1, 6)
                limits.append(
                    WorldLimit(
                        kind: kind, modelClass: nil, amount: most, burst: most,
                        reservePerMille: draw.below(3) == 0 ? draw.between(10, 300) : 0))
                continue
            }
            let pace = Double(draw.between(15, 120)) / (place == binding ? 10 : 4)
            if draw.below(4) == 0 {
                for name in Self.classes { add(kind, name, pace, &draw) }
            } else {
                add(kind, nil, pace, &draw)
            }
        }
    }

    /// So many usual calls a second.
    private mutating func add(_ kind: WorldLimit.Kind, _ modelClass: String?, _ pace: Double, _ draw: inout Draw) {
        let window = [1000, 10_000, 60_000][draw.below(3)] as Int64
        let cost = kind == .requests ? 1 : kind == .input ? meanInput : meanOutput
        let amount = max(1, Int64(pace * Double(cost) * Double(window) / 1000))
        let aSecond = Double(amount) * 1000 / Double(window)
        // Twice what the desk keeps for calls that travel longer than others; a burst of one is kept in another way.
        let least = max(2 * (Int64(aSecond / 10) + 1), kind == .requests ? 2 : cost * 4)
        let isSingle = kind == .requests && draw.below(4) == 0
        limits.append(
            WorldLimit(
                kind: kind, modelClass: modelClass, amount: amount, windowMilliseconds: window,
                burst: isSingle ? 1 : least + draw.between(0, Int64(aSecond * 2)),
                reservePerMille: draw.below(3) == 0 ? draw.between(10, 300) : 0))
    }

    /// A call with what it will really cost.
    func call(of modelClass: String, _ draw: inout Draw) -> WorldCall {
        // As the desk reckons while nothing is learned: three tokens in eight bytes.
        var input = max(3, draw.between(meanInput / 2, meanInput * 3 / 2) / 3 * 3)
        let bytes = (input / 3 * 2 - 1) * 4
        var output = max(1, draw.between(meanOutput / 2, meanOutput * 3 / 2))
        var most = output
        if !isExact {
            input = max(1, input * draw.between(60, 95) / 100)
            if draw.below(10) == 0 { output *= 3 }
            most = draw.below(2) == 0 ? 0 : 32_000
        }
        return WorldCall(
            number: 0, modelClass: modelClass, input: input, output: output, bodyBytes: bytes, mostOutput: most,
            priority: 0, lasts: draw.between(lasts.lowerBound, lasts.upperBound))
    }

    /// What the limits need to let these calls through, one after the other, and what the calls themselves take.
    func timeFor(_ calls: [WorldCall]) -> Micros {
        var sum = calls.reduce(Micros(0)) { $0 + $1.lasts + Self.travel.upperBound }
        for limit in limits where limit.kind != .concurrency {
            // A model without a limit of its own draws from another's.
            let cost = calls.reduce(Int64(0)) { $0 + $1.cost(limit.kind) }
            sum += Micros(Double(cost) * Double(limit.windowMilliseconds) * 1000 / Double(limit.amount))
            // A burst of one waits for calls' travel as well.
            if limit.burst == 1 { sum += Micros(cost) * .ms(100) }
        }
        return sum
    }

    /// How long a bucket takes at most from empty to full.
    var longestFilling: Micros {
        limits.reduce(Micros(0)) { longest, limit in
            guard limit.kind != .concurrency else { return longest }
            let time = Double(limit.burst) * Double(limit.windowMilliseconds) * 1000 / Double(limit.amount)
            return max(longest, Micros(time) + .ms(200))
        }
    }
}

extension Scenario {
    /// Tasks of models, and the calls that each attempt of them makes.
    mutating func giveCalls() {
        guard let calls else { return }
        var draw = Draw(seed: Draw.fixed(seed, 53))
        for place in submits.indices {
            for batch in submits[place].batches.indices {
                // What calls cost has nothing to do here with what attempts report, so budgets, which count both, would mean nothing.
                submits[place].batches[batch].spec.budgetMicroUSD = 0
                for row in submits[place].batches[batch].options.indices
                where submits[place].batches[batch].options[row].runner == "claude" {
                    let name = draw.below(4) == 0 ? "" : "claude-\(CallScenario.classes[draw.below(2)])-4-5"
                    submits[place].batches[batch].options[row].model = name
                }
            }
            let options = submits[place].batches.flatMap(\.options)
            let specs = submits[place].batches.flatMap(\.tasks)
            for (index, spec) in specs.enumerated() where options[Int(spec.options)].runner == "claude" {
                let model = options[Int(spec.options)].model
                let name = model.contains(CallScenario.classes[1]) ? CallScenario.classes[1] : CallScenario.classes[0]
                for _ in 0..<[0, 0, 1, 1, 2][draw.below(5)] {
                    submits[place].tasks[index].calls.append(calls.call(of: name, &draw))
                }
            }
        }
    }
}
