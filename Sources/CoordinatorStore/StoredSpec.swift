import ClusterModel
import Foundation

/// A ``JobSpec`` as it rests in the store, but for its name and submitter, which have columns of their own: JSON, in which what is at
/// its default is left out.
struct StoredSpec: Codable {
    struct Link: Codable {
        var job: UInt32
        var condition: String
    }

    var distribution: String?
    var placement: String?
    var weight: UInt32?
    var maxParallel: UInt32?
    var deadline: Int64?
    var isPaused: Bool?
    var continuesOnFailure: Bool?
    var failuresAtMost: UInt32?
    var after: [Link]?
    var budgetMicroUSD: UInt64?
    var budgetTokens: UInt64?
    var onBudget: String?

    private init(_ spec: JobSpec, usual: JobSpec) {
        distribution = spec.distribution == usual.distribution ? nil : spec.distribution.rawValue
        placement = spec.placement == usual.placement ? nil : spec.placement.rawValue
        weight = spec.weight == usual.weight ? nil : spec.weight
        maxParallel = spec.maxParallel == usual.maxParallel ? nil : spec.maxParallel
        deadline = spec.deadline?.milliseconds
        isPaused = spec.isPaused ? true : nil
        continuesOnFailure = spec.continuesOnFailure ? true : nil
        failuresAtMost = spec.failuresAtMost
        budgetMicroUSD = spec.budgetMicroUSD == 0 ? nil : spec.budgetMicroUSD
        budgetTokens = spec.budgetTokens == 0 ? nil : spec.budgetTokens
        onBudget = spec.onBudget == usual.onBudget ? nil : spec.onBudget.rawValue
        after =
            spec.after.isEmpty ? nil : spec.after.map { Link(job: $0.job.rawValue, condition: $0.condition.rawValue) }
    }

    /// Of a job without any rule, which is most of them.
    static let usualText = "{}"

    static func text(_ spec: JobSpec) throws -> String {
        let usual = JobSpec(name: spec.name, submitter: spec.submitter)
        if spec == usual { return usualText }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(StoredSpec(spec, usual: usual)), as: UTF8.self)
    }

    /// The whole spec. Words of a newer version read as the usual ones.
    static func spec(_ text: String, name: String, submitter: String) throws -> JobSpec {
        var spec = JobSpec(name: name, submitter: submitter)
        if text == usualText { return spec }
        let stored = try JSONDecoder().decode(StoredSpec.self, from: Data(text.utf8))
        spec.distribution = stored.distribution.flatMap(Distribution.init) ?? spec.distribution
        spec.placement = stored.placement.flatMap(Placement.init) ?? spec.placement
        spec.weight = stored.weight ?? spec.weight
        spec.maxParallel = stored.maxParallel ?? spec.maxParallel
        spec.deadline = stored.deadline.map { WallTime(milliseconds: $0) }
        spec.isPaused = stored.isPaused ?? false
        spec.continuesOnFailure = stored.continuesOnFailure ?? false
        spec.failuresAtMost = stored.failuresAtMost
        spec.budgetMicroUSD = stored.budgetMicroUSD ?? 0
        spec.budgetTokens = stored.budgetTokens ?? 0
        spec.onBudget = stored.onBudget.flatMap(OnBudget.init) ?? spec.onBudget
        spec.after = (stored.after ?? []).map {
            JobLink(job: JobID(rawValue: $0.job), condition: LinkCondition(rawValue: $0.condition) ?? .success)
        }
        return spec
    }
}
