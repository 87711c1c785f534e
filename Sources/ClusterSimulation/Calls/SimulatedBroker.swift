import ClusterModel
import Quotas

/// A call over all agents and their lives.
struct CallKey: Hashable, Sendable {
    var agent: Int
    var incarnation: UInt64
    var number: UInt64
}

/// A call of an attempt.
struct SimulatedCall: Sendable {
    var call: WorldCall
    var token: AttemptToken
}

/// What came of a call, as its agent tells it.
enum CallOutcome: Sendable {
    /// It is not wanted any more, or will not be made.
    case withdrawn
    /// Its answer has begun.
    case goesOn
    case done
    /// 429; without a limit's name the whole service refuses.
    case refused(retryAfter: Micros, named: WorldLimit.Kind?)
    /// 529.
    case overloaded
    /// The answer broke off.
    case cut
}

struct CallReport: Sendable {
    var number: UInt64
    var call: WorldCall
    var outcome: CallOutcome
}

/// The calls of one life of an agent, as its gateway's broker keeps them: all that the coordinator may not know is told again when a
/// session begins.
struct SimulatedBroker: Sendable {
    struct Message: Sendable {
        var number: UInt64
        var reports: [CallReport]
        var isSent = false
        var wasSent = false
    }

    var nextCall: UInt64 = 1
    var waiting: [UInt64: SimulatedCall] = [:]
    var open: [UInt64: SimulatedCall] = [:]
    var unasked: [UInt64] = []
    var untold: [UInt64] = []
    var reports: [CallReport] = []
    var nextMessage: UInt64 = 1
    var unacknowledged: [Message] = []

    var isQuiet: Bool { waiting.isEmpty && open.isEmpty && reports.isEmpty && unacknowledged.isEmpty }

    mutating func ask(_ call: SimulatedCall) -> UInt64 {
        let number = nextCall
        nextCall += 1
        waiting[number] = call
        waiting[number]?.call.number = number
        unasked.append(number)
        return number
    }

    mutating func sessionBegan() {
        unasked = waiting.keys.sorted()
        untold = open.keys.sorted()
        for place in unacknowledged.indices { unacknowledged[place].isSent = false }
    }

    mutating func withdraw(_ number: UInt64) {
        guard let held = waiting.removeValue(forKey: number) else { return }
        if let place = unasked.firstIndex(of: number) {
            unasked.remove(at: place)
        } else {
            reports.append(CallReport(number: number, call: held.call, outcome: .withdrawn))
        }
    }

    mutating func ended(_ number: UInt64, _ outcome: CallOutcome) {
        guard let held = open.removeValue(forKey: number) else { return }
        reports.append(CallReport(number: number, call: held.call, outcome: outcome))
    }
}

extension CallReport {
    /// The same in the words of the desk. Tokens of answers are told where they are to be learned from.
    func news(isExact: Bool) -> CallNews {
        switch outcome {
        case .withdrawn: CallNews(.withdrawn)
        case .goesOn: CallNews(.goesOn, status: 200, input: call.input)
        case .done: CallNews(.ended, status: 200, input: call.input, output: isExact ? nil : call.output)
        case .refused(let after, let named):
            CallNews(
                .ended, status: 429, retryAfter: Milliseconds(after / 1000),
                words: named.map { [LimitWord(limit: $0.rawValue, remaining: 0)] } ?? [])
        case .overloaded: CallNews(.ended, status: 529, errorType: "overloaded_error")
        case .cut:
            CallNews(.ended, status: 200, isCut: true, input: call.input, output: isExact ? nil : call.output)
        }
    }
}
