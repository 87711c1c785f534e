import ArgumentParser
import ClusterSimulation
import Dispatch
import Foundation

/// Runs seeds of the simulated fleet and says what came of them.
@main
struct ClusterSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster-sim", abstract: "The coordinator's core in a simulated fleet, from seeds.")

    @Option(help: "Seeds to run.") var seeds = 200
    @Option(help: "The first of them.") var from: UInt64 = 1
    @Option(help: "Run this one alone and print its trace.") var seed: UInt64?
    @Option(help: "Seeds that run at once.") var jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)
    @Option(help: "Run worlds of quotas instead, until so many calls were let go.") var quotaAdmissions: Int?
    @Flag(help: "Print each seed with the hash of its trace.") var hashes = false

    func validate() throws {
        guard seeds > 0, (1...64).contains(jobs) else {
            throw ValidationError("--seeds is at least 1, and --jobs 1 to 64")
        }
    }

    func run() throws {
        if let quotaAdmissions {
            let batch = QuotaBatch(first: seed ?? from, admissions: max(1, quotaAdmissions))
            if batch.run(jobs: jobs) { return }
            throw ExitCode.failure
        }
        if let seed {
            let report = simulate(seed: seed, isTraced: true)
            for line in report.trace { print(line) }
            print("seed \(seed): \(report.events) events, hash \(String(report.hash, radix: 16))")
            if !report.violations.isEmpty { throw ExitCode.failure }
            return
        }
        let first = from
        let batch = SeedBatch(first: first, hashes: hashes)
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let number = batch.next(of: seeds) { batch.add(simulate(seed: first &+ UInt64(number)), number) }
        }
        let isGood = batch.finish(seeds: seeds)
        if !isGood { throw ExitCode.failure }
    }
}
