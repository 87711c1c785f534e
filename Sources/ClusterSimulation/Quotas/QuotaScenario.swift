/// Whether calls cost what the desk expects.
public enum QuotaCosts: String, Sendable, CaseIterable {
    /// Each costs exactly its estimate.
    case exact
    /// Answers' lengths are log-normal (sigma 1), bodies' tokens are off by some percent.
    case logNormal = "log_normal"
}

/// A world of limits, holders and faults, all of it drawn from one seed.
struct QuotaScenario: Sendable {
    static let classes = ["sonnet", "opus"]
    /// What the desk's guard allows: calls' ways from permit to service differ by less than this.
    static let mostLag: Micros = .ms(5)
    static let noticeTravel: ClosedRange<Micros> = .ms(1)...Micros.ms(25)
    static let callTravel: ClosedRange<Micros> = .ms(1)...Micros.ms(70)

    let seed: UInt64
    let costs: QuotaCosts
    let admissions: Int
    private(set) var limits: [WorldLimit] = []
    /// Place of the limit that binds.
    private(set) var binding = 0
    let holders: Int
    /// Calls that each holder keeps waiting.
    private(set) var depth = 0
    /// Calls a second that the binding limit lets flow.
    private(set) var pace = 1.0
    private(set) var meanInput: Int64 = 1
    private(set) var meanOutput: Int64 = 1
    private(set) var lasts: ClosedRange<Micros> = .ms(200)...Micros.s(3)
    let hasOversized: Bool
    let tellsLimits: Bool
    /// Between two faults of a kind, on the average.
    private(set) var crashEvery: Micros = .s(20)

    init(seed: UInt64, costs: QuotaCosts, admissions: Int) {
        self.seed = seed
        self.costs = costs
        self.admissions = admissions
        var draw = Draw(seed: Draw.fixed(seed, 77, costs == .exact ? 0 : 1))
        holders = 2 + draw.below(4)
        hasOversized = draw.permille(300)
        tellsLimits = draw.permille(300)
        let kinds: [WorldLimit.Kind] = [.requests, .input, .output, .concurrency]
        let kind = kinds[draw.below(4)]
        meanInput = draw.between(50, 20_000)
        meanOutput = draw.between(50, 900)
        pace = Double(draw.between(5, 1000)) / 10
        if kind == .concurrency {
            let most = draw.between(4, 60)
            lasts = .s(20)...Micros.s(60)
            pace = Double(most) / 40
            limits.append(WorldLimit(kind: .concurrency, modelClass: nil, amount: most, burst: most))
        } else {
            if costs == .logNormal { lasts = .s(1)...Micros.s(6) }
            let isOfClass = draw.permille(300)
            addRate(kind, modelClass: isOfClass ? Self.classes[0] : nil, factor: 1, &draw)
            // Without a limit of their own the other models would draw from this one.
            if isOfClass { addRate(kind, modelClass: Self.classes[1], factor: 4, &draw) }
        }
        addAmple(besides: kind, &draw)
        depth = 6 + Int(pace * 0.6) / holders
        crashEvery = max(.s(25), Micros(Double(admissions) / pace * 1_000_000 / 5))
    }

    /// Others that never bind: of what the calls need they have more.
    private mutating func addAmple(besides kind: WorldLimit.Kind, _ draw: inout Draw) {
        for other in [WorldLimit.Kind.requests, .input, .output] where other != kind && draw.permille(700) {
            addRate(other, modelClass: nil, factor: 4, &draw)
        }
        for name in Self.classes where draw.permille(300) && limits[0].modelClass == nil {
            addRate(.requests, modelClass: name, factor: 4, &draw)
        }
        if kind != .concurrency, draw.permille(500) {
            let most = Int64(pace * Double(lasts.upperBound) / 1_000_000 * 4) + 100
            limits.append(WorldLimit(kind: .concurrency, modelClass: nil, amount: most, burst: most))
        }
    }

    private mutating func addRate(_ kind: WorldLimit.Kind, modelClass: String?, factor: Double, _ draw: inout Draw) {
        let window = [1000, 10_000, 60_000, 3_600_000][draw.below(4)] as Int64
        let cost = kind == .requests ? 1 : kind == .input ? meanInput : meanOutput
        // Only some of the calls are of a class.
        let amount = max(1, Int64(pace * factor * Double(cost) * Double(window) / 1000))
        let aSecond = Double(amount) * 1000 / Double(window)
        // At least what the guard needs, and what a usual call costs.
        let spread: Int64 = costs == .exact ? 4 : 20
        let least = max(2, Int64(aSecond / 5) + 2, kind == .requests ? 2 : cost * spread)
        let burst = factor > 1 ? least * 10 + Int64(aSecond * 20) : draw.between(least, max(least, Int64(aSecond * 10)))
        limits.append(
            WorldLimit(
                kind: kind, modelClass: modelClass, amount: amount, windowMilliseconds: window, burst: burst,
                reservePerMille: draw.permille(300) ? draw.between(1, 300) : 0))
    }

    /// For people: what binds.
    var note: String {
        let limit = limits[binding]
        return
            "\(limit.name)=\(limit.amount)/\(limit.windowMilliseconds)ms,burst=\(limit.burst), mean \(Int(meanCost)), \(pace)/s"
    }

    /// What a usual call takes of the limit that binds; of a concurrency in a second's calls' worth.
    var meanCost: Double {
        switch limits[binding].kind {
        case .requests: 1
        case .input: Double(meanInput)
        case .output: Double(meanOutput)
        case .concurrency: 40_000_000
        }
    }

    /// What a call is and costs.
    func call(_ number: UInt64, _ draw: inout Draw) -> WorldCall {
        var input = max(1, draw.between(meanInput / 2, meanInput * 3 / 2))
        var output = max(1, draw.between(meanOutput / 2, min(1000, meanOutput * 3 / 2)))
        // Of what nothing is known, the desk takes three tokens in eight bytes; nothing is learned while no answer's length is told.
        input = max(3, input / 3 * 3)
        var bytes = (input / 3 * 2 - 1) * 4
        var most = output
        if costs == .logNormal {
            bytes = input * 4
            input = max(1, Int64(Double(input) * 1.2 * Self.exponential(0.05 * Self.normal(&draw))))
            output = max(1, Int64(Double(meanOutput) * 0.6 * Self.exponential(Self.normal(&draw))))
            most = draw.permille(500) ? 0 : 32_000
        } else if hasOversized, draw.permille(5), let limit = limits.first, limit.kind == .input {
            input = (limit.burst + draw.between(3, limit.burst / 4 + 3)) / 3 * 3
            bytes = (input / 3 * 2 - 1) * 4
        }
        return WorldCall(
            number: number, modelClass: Self.classes[draw.below(2)], input: input, output: output, bodyBytes: bytes,
            mostOutput: most, priority: draw.permille(100) ? 9 : draw.permille(300) ? draw.below(10) : 5,
            lasts: draw.between(lasts.lowerBound, lasts.upperBound))
    }

    /// About normal: twelve uniform numbers' sum.
    private static func normal(_ draw: inout Draw) -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double(draw.next() >> 11) / 9_007_199_254_740_992 }
    }

    /// e to the power of x, by squaring: the standard library has none.
    private static func exponential(_ x: Double) -> Double {
        var power = 1 + x / 1024
        for _ in 0..<10 { power *= power }
        return power
    }
}
