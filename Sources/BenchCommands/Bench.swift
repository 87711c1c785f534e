import ArgumentParser

/// Measures the shipped programs on this machine.
public struct Bench: AsyncParsableCommand {
    /// Its verbs.
    public static let configuration = CommandConfiguration(
        abstract:
            "Measures the coordinator and the agent beside this program, and the gateway; prints one JSON object.",
        discussion: """
            Each verb starts programs of its own on loopback, with free ports and a scratch folder, and ends them: it touches \
            no fleet that runs. docs/PERFORMANCE.md says what the fields mean.
            """,
        subcommands: [
            DispatchBench.self, LatencyBench.self, RecoverBench.self, AgentsBench.self, SpawnBench.self,
            PoolBench.self, GatewayBench.self, GatewayBenchUpstream.self, GatewayBenchServer.self,
        ])

    /// As the parser makes it.
    public init() {}
}
