import ArgumentParser
import AsyncHTTPClient

/// What the metering gateway costs: time before the first byte, and memory for each stream.
struct GatewayBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "What the gateway adds to the first byte, and its memory for each stream.",
        discussion: """
            A service, a gateway and the caller are a process each. Calls go directly and through the gateway in turn, one \
            at a time: alone, then beside streams that stay open. Permits are granted at once.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Streams that are open at once.") var streams = 200
    @Option(help: "How long they are kept open and measured beside.") var seconds = 10
    @Option(help: "Events of a stream.") var events = 20
    @Option(help: "Milliseconds over which they are spread.") var streamMs = 1000
    @Option(help: "Calls of each way without streams beside.") var calls = 1000
    @Option(help: "Bytes of each call's body.") var payload = 32_768

    /// Of each way, not measured.
    private static let warmUpCalls = 50
    /// The gateway's memory is read as often.
    private static let memoryInterval: UInt64 = 50_000_000

    /// What was found beside open streams.
    private struct UnderLoad {
        var firstBytes = FirstBytes()
        var residentMiB: [Double] = []
        var openStreams: [Double] = []
        var completed = 0
        /// Of one processor; more than 1 is more than one.
        var cpuShares = GatewayServers.CPUTimes(upstream: 0, gateway: 0, client: 0)

        /// The most that was seen, not the mean: the promise is a limit.
        var mostMiB: Double { residentMiB.max() ?? 0 }
    }

    func validate() throws {
        try check("streams", streams, 1...2000)
        try check("seconds", seconds, 1...3600)
        try check("events", events, 1...10_000)
        try check("stream-ms", streamMs, 1...60_000)
        try check("calls", calls, 1...1_000_000)
        try check("payload", payload, 1...GatewayBenchUpstream.longestBody - 1024)
    }

    func run() async throws {
        ProcessUse.raiseFileLimit()
        try await onStage(options) { stage in
            let servers = try await GatewayServers(stage)
            let client = MessageCaller.client(connections: streams + 1)
            do {
                try await measure(stage, servers, client).print()
            } catch {
                try await client.shutdown()
                // A program that has ended says more than the connection that broke with it.
                try stage.checkHelpers()
                throw error is BenchError ? error : BenchError("a call of the measurement failed: \(error)")
            }
            try await client.shutdown()
        }
    }

    private func measure(
        _ stage: Stage, _ servers: GatewayServers, _ client: HTTPClient
    ) async throws -> BenchReport {
        let caller = MessageCaller(client: client, body: MessageStream.requestBody(bytes: payload))
        var warmUp = FirstBytes()
        for _ in 0..<min(calls, Self.warmUpCalls) { try await warmUp.measure(caller, servers) }
        var alone = FirstBytes()
        for _ in 0..<calls { try await alone.measure(caller, servers) }
        let idleMiB = try servers.gatewayMiB()
        let loaded = try await measureUnderLoad(stage, servers, caller)

        var report = BenchReport("gateway", options)
        report.add("streams", streams)
        report.add("seconds", seconds)
        report.add("events", events)
        report.add("stream_ms", streamMs)
        report.add("calls", calls)
        report.add("payload", payload)
        report.add("first_byte_direct", alone.direct)
        report.add("first_byte_gateway", alone.gateway)
        report.add("added_p50_ms", alone.addedMilliseconds)
        report.add("first_byte_direct_under_load", loaded.firstBytes.direct)
        report.add("first_byte_gateway_under_load", loaded.firstBytes.gateway)
        report.add("added_p50_ms_under_load", loaded.firstBytes.addedMilliseconds)
        report.add("streams_open", loaded.openStreams.median)
        report.add("streams_completed", loaded.completed)
        report.add("upstream_cpus_under_load", loaded.cpuShares.upstream)
        report.add("gateway_cpus_under_load", loaded.cpuShares.gateway)
        report.add("client_cpus_under_load", loaded.cpuShares.client)
        report.add("resident_mib_idle", idleMiB)
        report.add("resident_mib_streams", loaded.mostMiB)
        report.add("mb_a_stream", (loaded.mostMiB - idleMiB) * 1.048576 / Double(streams))
        return report
    }

    private func measureUnderLoad(
        _ stage: Stage, _ servers: GatewayServers, _ caller: MessageCaller
    ) async throws -> UnderLoad {
        let load = StreamLoad(
            caller, servers.gateway, MessageStream(events: events, milliseconds: streamMs), places: streams)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for place in 0..<streams { group.addTask { await load.keepOpen(place) } }
            try await stage.until("every stream to be open", within: .seconds(60) + .milliseconds(streamMs)) {
                try load.isFull()
            }
            var found = UnderLoad()
            let start = BenchClock.now
            let end = start + UInt64(seconds) * 1_000_000_000
            let before = try servers.cpuTimes()
            var nextMemory = start
            while BenchClock.now < end {
                try await found.firstBytes.measure(caller, servers)
                // Between two calls: it is not in their time.
                guard BenchClock.now >= nextMemory else { continue }
                nextMemory = BenchClock.now + Self.memoryInterval
                found.residentMiB.append(try servers.gatewayMiB())
                found.openStreams.append(Double(load.openNow))
            }
            let after = try servers.cpuTimes()
            let microseconds = Double(BenchClock.now - start) / 1000
            found.cpuShares.upstream = (after.upstream - before.upstream) / microseconds
            found.cpuShares.gateway = (after.gateway - before.gateway) / microseconds
            found.cpuShares.client = (after.client - before.client) / microseconds
            load.end()
            try await group.waitForAll()
            _ = try load.isFull()
            found.completed = load.completed
            return found
        }
    }
}
