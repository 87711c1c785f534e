import ClusterSimulation
import Synchronization

/// The sum of many runs; threads add to it in any order.
final class SeedBatch: Sendable {
    private struct Sum {
        var next = 0
        var events = 0
        var failed: [UInt64] = []
        var census = Census()
        var hashes: [Int: UInt64] = [:]
    }

    private let sum = Mutex(Sum())
    private let first: UInt64
    private let keepsHashes: Bool

    init(first: UInt64, hashes: Bool) {
        self.first = first
        keepsHashes = hashes
    }

    func next(of count: Int) -> Int? {
        sum.withLock { sum in
            guard sum.next < count else { return nil }
            sum.next += 1
            return sum.next - 1
        }
    }

    func add(_ report: SimulationReport, _ number: Int) {
        sum.withLock { sum in
            sum.events += report.events
            sum.census.add(report.census)
            if keepsHashes { sum.hashes[number] = report.hash }
            guard !report.violations.isEmpty else { return }
            sum.failed.append(report.seed)
            print("seed \(report.seed) (\(report.profile)) failed; replay it: make simulate SEED=\(report.seed)")
            for violation in report.violations.prefix(3) { print("  \(violation)") }
        }
    }

    /// Prints the hashes and the one line of JSON; true: no seed failed, and everything occurred.
    func finish(seeds: Int) -> Bool {
        let sum = sum.withLock { $0 }
        for number in sum.hashes.keys.sorted() {
            print(first &+ UInt64(number), String(sum.hashes[number] ?? 0, radix: 16))
        }
        let missing = seeds < 200 ? [] : sum.census.missing
        print(
            "{\"seeds\":\(seeds),\"first\":\(first),\"failed\":\(sum.failed.count),\"events\":\(sum.events),\"occurred\":\(sum.census.json)}"
        )
        if !missing.isEmpty { print("never occurred: \(missing.joined(separator: ", "))") }
        return sum.failed.isEmpty && missing.isEmpty
    }
}
