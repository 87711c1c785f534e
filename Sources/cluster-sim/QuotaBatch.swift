import ClusterSimulation
import Dispatch
import Synchronization

/// Worlds of quotas on several threads: so many admissions with exact costs, and a fifth as many with log-normal ones.
final class QuotaBatch: Sendable {
    /// Admissions of one world.
    private static let perWorld = 20_000
    private let sums = Mutex([QuotaReport(costs: .exact), QuotaReport(costs: .logNormal)])
    private let first: UInt64
    private let admissions: Int

    init(first: UInt64, admissions: Int) {
        self.first = first
        self.admissions = admissions
    }

    /// One line of JSON, and a sentence for each bound that is broken; true: none is.
    func run(jobs: Int) -> Bool {
        let begun = ContinuousClock.now
        let exact = max(1, admissions / Self.perWorld)
        let all = exact + max(1, exact / 5)
        let next = Mutex(0)
        let size = min(Self.perWorld, admissions)
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while true {
                let number = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard number < all else { return }
                let isExact = number < exact
                let report = simulateQuotas(
                    seed: first &+ UInt64(isExact ? number : number - exact), costs: isExact ? .exact : .logNormal,
                    admissions: size)
                sums.withLock { $0[isExact ? 0 : 1].add(report) }
            }
        }
        let found = sums.withLock { $0 }
        let seconds = (ContinuousClock.now - begun).components.seconds
        let parts = found.map { "\"\($0.costs.rawValue)\":\($0.json)" }.joined(separator: ",")
        print("{\"seed\":\(first),\"seconds\":\(seconds),\(parts)}")
        let broken = found.flatMap(\.broken)
        for bound in broken.prefix(10) { print("broken from seed \(first): \(bound)") }
        return broken.isEmpty
    }
}
