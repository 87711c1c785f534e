import ClusterTestKit
import ClusterWire
import Foundation
import Testing

extension CoordinatorLane {
    /// What nobody of ours would send: dropped, counted, answered in words where it can be; everyone else goes on.
    @Suite struct GarbageTests {
        private struct Version: Decodable {
            struct Coordinator: Decodable { var frames_dropped: Int }
            var coordinator: Coordinator
        }

        private func dropped(_ fleet: Fleet) async throws -> Int {
            let output = try await fleet.ccctl(["version", "--output", "json"]).output
            return try JSONDecoder().decode(Version.self, from: Data(output.utf8)).coordinator.frames_dropped
        }

        @Test func garbageOnEverySocket() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 2)
                let lines = try fleet.bench.file("lines.txt", (1...10).map { "NONCE-\($0)\n" }.joined())
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "[[sleep: 400]] {line}"])
                try await fleet.tasks(of: job, are: "running", count: 2)
                #expect(try await dropped(fleet) == 0)
                var random = SystemRandomNumberGenerator()
                var sent = 0
                for endpoint in [fleet.agentsEndpoint, fleet.clientsEndpoint, fleet.blobsEndpoint] {
                    let peer = try WirePeer(fleet, to: endpoint)
                    try await peer.connected()
                    let before = try await dropped(fleet)
                    for size in [1, 7, 64, 1000, 100_000] {
                        // A first byte that is no tag of protobuf's, so that none of it is a message by chance.
                        try peer.send([0x07] + (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
                        sent += 1
                    }
                    try await eventually("\(endpoint) to count what it dropped", within: .seconds(10)) {
                        try await dropped(fleet) == before + 5
                    }
                    peer.close()
                    let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
                    try sendRawBytes(noise, to: endpoint)
                    try sendRawBytes(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), to: endpoint)
                    let stranger = try WirePeer(fleet, to: endpoint, withOwnKey: true)
                    try stranger.send([1, 2, 3])
                    #expect(try await !stranger.refusal().isEmpty)
                    stranger.close()
                }
                #expect(try await dropped(fleet) == sent)
                let rows = try await fleet.results(of: job)
                #expect(rows.map(\.result) == (1...10).map { "NONCE-\($0) done" })
                #expect(rows.allSatisfy { $0.attempts == 1 })
            }
        }

        @Test func anotherProtocolIsToldInWords() async throws {
            try await withFleet(.withStandIn()) { fleet in
                #expect(try await fleet.ccctl(["jobs"]).code == 0)
                let agent = try WirePeer(fleet, to: fleet.agentsEndpoint)
                var message = Ccorchestrator_V1_AgentMessage()
                message.hello.protocol.major = 99
                message.hello.name = "from-the-future"
                message.hello.agentID = 7
                try agent.send(try message.serializedBytes())
                let answer = try await Ccorchestrator_V1_CoordinatorMessage(serializedBytes: agent.answers()[0])
                agent.close()
                #expect(answer.refusal.code == "protocol" && answer.refusal.final)
                for word in ["from-the-future", "99.0", "1.0"] { #expect(answer.refusal.message.contains(word)) }
                let log = try #require(await fleet.coordinator).logTail()
                #expect(log.contains("from-the-future") && log.contains("99.0"), "\(log)")
                #expect(try await fleet.listedAgents().isEmpty)

                let client = try WirePeer(fleet, to: fleet.clientsEndpoint)
                var request = Ccorchestrator_V1_ClientRequest()
                request.requestID = 5
                request.protocol.major = 99
                request.getServerInfo = Ccorchestrator_V1_GetServerInfo()
                try client.send(try request.serializedBytes())
                let reply = try await Ccorchestrator_V1_ClientReply(serializedBytes: client.answers()[0])
                client.close()
                #expect(reply.requestID == 5 && reply.failure.code == "protocol")
                for word in ["the client", "99.0", "1.0"] { #expect(reply.failure.message.contains(word)) }
            }
        }

        @Test func aCoordinatorOfAnotherProtocolIsToldInWords() async throws {
            try await onBench(.withStandIn()) { bench in
                let sentence = "the client speaks protocol 1.0, this 99.0: install the same version on both"
                let forClients = try NewerCoordinator(bench) { frame in
                    var reply = Ccorchestrator_V1_ClientReply()
                    reply.requestID = try Ccorchestrator_V1_ClientRequest(serializedBytes: frame).requestID
                    reply.failure.code = "protocol"
                    reply.failure.message = sentence
                    return try reply.serializedBytes()
                }
                let jobs = try await bench.run("ccctl", ["jobs", "--coordinator", forClients.endpoint])
                forClients.stop()
                jobs.expectRefusal(4, ["99.0", "1.0"])

                // Some answer with a refusal, some with a welcome of their own kind.
                for isWelcome in [false, true] {
                    let forAgents = try NewerCoordinator(bench) { _ in
                        var message = Ccorchestrator_V1_CoordinatorMessage()
                        if isWelcome {
                            message.welcome.protocol.major = 99
                        } else {
                            message.refusal.message = "agent east speaks protocol 1.0, this 99.0"
                            message.refusal.code = "protocol"
                            message.refusal.final = true
                        }
                        return try message.serializedBytes()
                    }
                    let agent = try await bench.run(
                        "cc-agent",
                        [
                            "--coordinator", forAgents.endpoint, "--name", "east", "--claude", bench.claude,
                            "--state-dir", bench.scratch + "/east",
                        ], environment: ["ANTHROPIC_API_KEY": "sk-dummy"], within: .seconds(30))
                    forAgents.stop()
                    #expect(agent.code == 4, "\(agent.errors)")
                    let told = agent.errors.split(separator: "\n").filter { $0.hasPrefix("cc-agent: ") }
                    #expect(told.count == 1 && told[0].contains("99.0") && told[0].contains("1.0"), "\(agent.errors)")
                }
            }
        }
    }
}
