import ClusterTestKit
import Foundation
import Testing

extension CoordinatorLane {
    /// Keys on real sockets: who is let in, as what, and until when.
    @Suite struct KeyTests {
        /// Makes a key on the coordinator's host; its file.
        private func key(_ fleet: Fleet, _ name: String, _ role: String) async throws -> String {
            let file = fleet.bench.scratch + "/\(name)-\(role).key"
            let made = try await fleet.ccctl(["keys", "new", name, "--role", role, "--file", file])
            try #require(made.code == 0, "\(made.errors)")
            return file
        }

        /// An agent that is to be refused; its last words.
        private func refusedAgent(_ fleet: Fleet, _ name: String, _ key: String) async throws -> String {
            try await fleet.startAgent(name, instances: 1, ["--runner", "exec", "--key-file", key])
            let agent = try #require(await fleet.agents[name])
            let code = try await agent.ended(within: .seconds(30))
            #expect(code == 4 || code == 2, "\(code): \(agent.logTail())")
            return agent.logTail()
        }

        @Test func rolesNamesAndRevocation() async throws {
            // On all interfaces: of them this namespace has loopback alone.
            try await withFleet(.withStandIn(), address: "0.0.0.0", isStarted: false) { fleet in
                let east = try await key(fleet, "east", "agent")
                let ann = try await key(fleet, "ann", "client")
                let eve = try await key(fleet, "eve", "read-only")
                let twice = try await fleet.ccctl([
                    "keys", "new", "ann", "--role", "admin", "--file", fleet.bench.scratch + "/x",
                ])
                twice.expectRefusal(5, ["ann has a key already"])
                #expect(!FileManager.default.fileExists(atPath: fleet.bench.scratch + "/x"))
                try await fleet.startCoordinator()
                try await fleet.startAgent(
                    "east", instances: 2, ["--runner", "exec", "--key-file", east],
                    environment: ["CCO_POLICY_COMMANDS": "*", "CCO_SECRET_FILE": fleet.bench.scratch + "/elsewhere"])
                // A client works, with content that goes by the blobs' endpoint, which is announced by no address of use.
                let long = String(repeating: "x", count: 100_000)
                let file = try fleet.bench.file("long.txt", long + "\n")
                func asked(_ key: String, _ words: [String]) async throws -> Fleet.Run {
                    try await fleet.ccctl(
                        ["--key-file", key, "--secret-file", fleet.bench.scratch + "/nobodys"] + words)
                }
                let submitted = try await asked(
                    ann,
                    ["submit", "-o", "quiet", "--runner", "exec", "--each-line", file, "--stdin", "--", "wc", "-c"])
                #expect(submitted.code == 0, "\(submitted.errors)")
                let job = submitted.trimmed
                let waited = try await asked(ann, ["wait", job])
                let shown = try await asked(ann, ["result", job + ".0"]).output.suffix(600)
                #expect(waited.code == 0, "\(waited) \(shown)")
                let results = try await asked(eve, ["results", job, "-o", "json"])
                let counted = try TaskRow.read(results.output).map { $0.result ?? "nothing" }
                #expect(counted == ["100000\n"])

                // What a role may not.
                try await asked(eve, ["submit", "x"]).expectRefusal(5, ["eve", "read-only", "submit needs client"])
                try await asked(eve, ["cancel", job]).expectRefusal(5, ["cancel needs client"])
                try await asked(ann, ["drain", "east"]).expectRefusal(5, ["ann", "drain needs admin"])
                try await asked(ann, ["pause"]).expectRefusal(5, ["pause of the whole queue needs admin"])
                try await asked(east, ["jobs"]).expectRefusal(5, ["role agent"])

                // Who poses as an agent: with a client's key, under another's name, with a key that nobody allowed.
                #expect(try await refusedAgent(fleet, "ann", ann).contains("is for the role client"))
                #expect(try await refusedAgent(fleet, "west", east).contains("--name east"))
                // The coordinator does not believe what the file says of itself.
                func forged(_ key: String, _ old: String, _ new: String) throws -> String {
                    let text = try String(contentsOfFile: key, encoding: .utf8)
                    let file = try fleet.bench.file(
                        "forged-\(UUID().uuidString).key", text.replacingOccurrences(of: old, with: new))
                    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
                    return file
                }
                let posing = try await refusedAgent(fleet, "ann", try forged(ann, "role client", "role agent"))
                #expect(posing.contains("has the role client: an agent needs one of role agent"), "\(posing)")
                let renamed = try await refusedAgent(fleet, "west", try forged(east, "name east", "name west"))
                #expect(renamed.contains("the key is agent east's, not west's"), "\(renamed)")
                let listed = try await fleet.ccctl(["keys", "list"]).errors
                let server = listed.components(separatedBy: "--server`: '").last?.components(separatedBy: "'").first
                let stranger = fleet.bench.scratch + "/stranger.key"
                let made = try await fleet.ccctl([
                    "keys", "new", "stranger", "--role", "agent", "--file", stranger, "--server", try #require(server),
                ])
                #expect(made.code == 0 && made.output.contains("keys allow stranger"), "\(made.errors)")
                try await fleet.startAgent("stranger", instances: 1, ["--runner", "exec", "--key-file", stranger])
                let outside = try #require(await fleet.agents["stranger"])
                try await eventually("the stranger to be told", within: .seconds(30)) {
                    outside.logTail(100).contains("refused") || outside.logTail(100).contains("not admitted")
                }
                // Let in, it comes by itself.
                let line = made.output.components(separatedBy: "--public '").last?.components(separatedBy: "'").first
                let allowed = try await fleet.ccctl([
                    "keys", "allow", "stranger", "--role", "agent", "--public", try #require(line),
                ])
                #expect(allowed.code == 0, "\(allowed.errors)")
                try await eventually("the stranger to be an agent", within: .seconds(60)) {
                    try await asked(eve, ["agents", "-o", "quiet"]).output.contains("stranger")
                }

                // Revoked while it is connected: it is sent away, and gets no work.
                #expect(try await fleet.ccctl(["keys", "revoke", "stranger"]).code == 0)
                #expect(try await outside.ended(within: .seconds(30)) == 4)
                #expect(outside.logTail().contains("not allowed any more"), "\(outside.logTail())")
                #expect(try await fleet.ccctl(["keys", "revoke", "ann"]).code == 0)
                try await eventually("ann to be shut out", within: .seconds(30)) {
                    try await asked(ann, ["jobs", "--connect-timeout", "1s"]).code != 0
                }
                #expect(try await asked(eve, ["jobs"]).code == 0)
            }
        }
    }
}
