import ClusterModel

@testable import ClusterSimulation
@testable import CoordinatorCore

/// Histories of calls by hand, to be spoilt: two agents, calls of the same cost.
struct CallHistory {
    var referee: Referee
    let calls: CallScenario

    /// One limit alone, with exact costs.
    init(_ kind: WorldLimit.Kind = .requests, amount: Int64 = 10, burst: Int64 = 2) {
        calls = CallScenario(
            limits: [
                WorldLimit(kind: kind, modelClass: nil, amount: amount, windowMilliseconds: 1000, burst: burst)
            ])
        referee = Referee(CoreConfiguration(lease: .seconds(8)), calls: calls)
        referee.saw(.coordinatorStarted(wall: WallTime(milliseconds: 0)), at: 0)
    }

    static func key(_ number: UInt64, agent: Int = 0) -> CallKey {
        CallKey(agent: agent, incarnation: 1, number: number)
    }

    static let call = WorldCall(
        number: 1, modelClass: "opus", input: 1, output: 1, bodyBytes: 1, mostOutput: 1, priority: 0, lasts: .ms(100))

    mutating func saw(_ sight: CallSight, at: Micros) { referee.saw(.call(sight), at: at) }

    mutating func asked(_ numbers: UInt64..., at: Micros = 0, priority: Int? = 5) {
        for number in numbers { saw(.asked(Self.key(number), Self.call, priority), at: at) }
    }

    mutating func granted(_ numbers: UInt64..., at: Micros = 0) {
        for number in numbers { saw(.granted(Self.key(number)), at: at) }
    }

    mutating func arrive(_ numbers: UInt64..., at: Micros) {
        for number in numbers { saw(.arrives(Self.key(number), Self.call), at: at) }
    }

    mutating func told(_ number: UInt64, _ outcome: CallOutcome, at: Micros) {
        saw(.told(Self.key(number), Self.call, outcome), at: at)
    }

    /// The rules that were broken, each once.
    var broken: [String] {
        var rules: [String] = []
        for violation in referee.violations {
            let rule = String(violation.prefix { $0 != ":" })
            if !rules.contains(rule) { rules.append(rule) }
        }
        return rules
    }
}
