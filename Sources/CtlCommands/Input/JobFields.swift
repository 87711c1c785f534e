import ClusterModel
import Foundation

/// What can be said about a job as a whole, each thing only where it was said.
struct JobFields: Equatable, Sendable {
    /// What becomes of tasks that wait for one that failed.
    enum OnFailure: String, CaseIterable, Sendable {
        case skip
        case `continue`
    }

    var distribution: Distribution?
    var pack: Bool?
    var weight: UInt32?
    var maxParallel: UInt32?
    var deadline: WallTime?
    var isPaused: Bool?
    var onFailure: OnFailure?
    var failFast: Bool?
    var maxFailures: UInt32?
    var after: [JobLink]?
    var budgetMicroUSD: UInt64?
    var budgetTokens: UInt64?
    var onBudget: OnBudget?
    /// What becomes of it when a budget is used up, where nothing is said.
    var usualOnBudget = OnBudget.hold

    static let known: Set<String> = [
        "distribution", "pack", "weight", "max_parallel", "deadline", "paused", "on_failure", "fail_fast",
        "max_failures", "after", "budget_usd", "budget_tokens", "on_budget",
    ]

    /// Takes one field; a null says nothing.
    /// - Throws: ``UsageError`` for a value of the wrong kind.
    mutating func set(_ field: Field, now: WallTime) throws {
        if case .null = field.value { return }
        switch field.key {
        case "distribution": distribution = try field.choice()
        case "pack": pack = try field.flag()
        case "weight":
            let number = try field.count()
            guard number <= 1000 else { throw field.wrong("must be 1 to 1000") }
            weight = number
        case "max_parallel": maxParallel = try field.count()
        case "deadline": deadline = try field.moment(now: now)
        case "paused": isPaused = try field.flag()
        case "on_failure": onFailure = try field.choice()
        case "fail_fast": failFast = try field.flag()
        case "max_failures":
            guard case .integer(let number) = field.value, let count = UInt32(exactly: number) else {
                throw field.wrong("must be a whole number from 0")
            }
            maxFailures = count
        case "after": after = try field.jobLinks()
        case "budget_usd": budgetMicroUSD = try field.microUSD()
        case "budget_tokens": budgetTokens = try field.tokenCount()
        case "on_budget": onBudget = try field.choice()
        default: preconditionFailure("no field of a job: \(field.key)")
        }
    }

    /// These, and where they say nothing, `base`.
    func over(_ base: JobFields) -> JobFields {
        var merged = self
        merged.distribution = distribution ?? base.distribution
        merged.pack = pack ?? base.pack
        merged.weight = weight ?? base.weight
        merged.maxParallel = maxParallel ?? base.maxParallel
        merged.deadline = deadline ?? base.deadline
        merged.isPaused = isPaused ?? base.isPaused
        merged.onFailure = onFailure ?? base.onFailure
        // The two say the same thing in two ways: whichever stands nearer counts.
        if failFast == nil && maxFailures == nil {
            merged.failFast = base.failFast
            merged.maxFailures = base.maxFailures
        }
        merged.after = after ?? base.after
        merged.budgetMicroUSD = budgetMicroUSD ?? base.budgetMicroUSD
        merged.budgetTokens = budgetTokens ?? base.budgetTokens
        merged.onBudget = onBudget ?? base.onBudget
        return merged
    }

    /// The job that these fields mean.
    /// - Throws: ``UsageError`` for fields that contradict each other.
    func spec(name: String) throws -> JobSpec {
        guard failFast != true || (maxFailures ?? 0) == 0 else {
            throw UsageError("fail-fast and max-failures \(maxFailures ?? 0) contradict each other: give one")
        }
        return JobSpec(
            name: name, distribution: distribution ?? .hybrid, placement: pack == true ? .pack : .spread,
            weight: weight ?? JobSpec.usualWeight, maxParallel: maxParallel ?? 0, deadline: deadline,
            isPaused: isPaused ?? false, continuesOnFailure: onFailure == .continue,
            failuresAtMost: failFast == true ? 0 : maxFailures, after: after ?? [], budgetMicroUSD: budgetMicroUSD ?? 0,
            budgetTokens: budgetTokens ?? 0, onBudget: onBudget ?? usualOnBudget)
    }
}

extension WallTime {
    /// By this machine's clock.
    static func now() -> WallTime { WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension Field {
    /// A moment to come: RFC 3339, or a length of time from now.
    func moment(now: WallTime) throws -> WallTime {
        guard case .string(let text) = value else { throw wrong(Self.momentRule) }
        if let length = TimeLength(text) {
            return WallTime(milliseconds: now.milliseconds + length.milliseconds.rawValue)
        }
        guard let moment = RFC3339.moment(text) else { throw wrong(Self.momentRule) }
        guard moment > now else { throw wrong("lies in the past: \(text)") }
        return moment
    }

    private static let momentRule = "must be a time such as 2026-01-31T18:00:00Z, or a length from now such as 2h"
}

/// Times of the calendar with their zone.
enum RFC3339 {
    /// Nil for what is none.
    static func moment(_ text: String) -> WallTime? {
        let plain = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        let exact = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for style in [plain, exact] {
            do {
                let date = try style.parse(text)
                return WallTime(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
            } catch {
                // It may be written in the other way.
            }
        }
        return nil
    }
}
