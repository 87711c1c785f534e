import ArgumentParser

/// Benchmarks that start the programs beside ccctl on loopback, in a scratch folder, and print one JSON object a run.
public struct Bench: AsyncParsableCommand {
    /// The verb and its kinds.
    public static let configuration = CommandConfiguration(
        abstract: "Measures the fleet on this machine: starts coordinator and agents of its own and prints JSON.",
        subcommands: [
            BenchDispatch.self, BenchLatency.self, BenchRecover.self, BenchAgents.self, BenchSpawn.self,
        ])

    /// Needed by the parser.
    public init() {}
}

/// What every benchmark can be told.
struct BenchOptions: ParsableArguments {
    @Option(help: "The folder of cc-coordinator and cc-agent; by default the one of ccctl.") var programs: String?
    @Option(help: "A folder on the disk that is to be measured; by default TMPDIR or /tmp.") var directory: String?
    @Option(help: "How transactions wait for the disk: full, normal, off.") var durability = "full"

    func validate() throws {
        guard ["full", "normal", "off"].contains(durability) else {
            throw ValidationError("--durability is full, normal or off, not \(durability)")
        }
    }
}

/// What ended a benchmark, in words.
struct BenchError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
