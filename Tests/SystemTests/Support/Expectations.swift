import ClusterTestKit
import Foundation
import Testing

extension Fleet.Run {
    /// Expects nothing on standard output, the exit code, and one line on standard error that holds the words.
    func expectRefusal(
        _ code: Int32, _ words: [String], _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.code == code, "\(what): \(errors)", sourceLocation: sourceLocation)
        #expect(output.isEmpty, "\(what)", sourceLocation: sourceLocation)
        #expect(errors.split(separator: "\n").count == 1, "\(what): \(errors)", sourceLocation: sourceLocation)
        for word in words {
            #expect(errors.contains(word), "\(what): \(errors)", sourceLocation: sourceLocation)
        }
    }

    /// The number that `submit --output quiet` printed.
    func job(sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try #require(code == 0, "\(errors)", sourceLocation: sourceLocation)
        try #require(UInt32(trimmed) != nil, "not a number alone: \(output)", sourceLocation: sourceLocation)
        return trimmed
    }
}

extension Fleet {
    /// Submits and gives the job's number.
    nonisolated func submit(
        _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await ccctl(["submit", "--output", "quiet"] + arguments).job(sourceLocation: sourceLocation)
    }

    /// Waits for a job's end and gives its results.
    nonisolated func results(
        of job: String, code: Int32 = 0, within seconds: Int = 60, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [TaskRow] {
        let waited = try await ccctl(["wait", job, "--timeout", "\(seconds)"])
        let rows = try TaskRow.read(try await ccctl(["results", job, "--output", "json"]).output)
        #expect(waited.code == code, "\(rows.compactMap(\.error?.message))", sourceLocation: sourceLocation)
        return rows
    }

    /// Waits until so many tasks of a job are in a state.
    nonisolated func tasks(of job: String, are state: String, count: Int = 1) async throws {
        try await eventually("\(count) tasks of job \(job) to be \(state)", within: .seconds(30)) {
            let listed = try await ccctl(["tasks", job, "--state", state, "--output", "quiet"])
            return listed.code == 0 && listed.output.split(separator: "\n").count == count
        }
    }

    /// One agent as `agents` lists it.
    struct Agent: Decodable, Sendable {
        var agent: String
        var state: String
        var capacity: Int
        var running: Int
        var held_because: String?
    }

    nonisolated func listedAgents() async throws -> [Agent] {
        try await ccctl(["agents", "--output", "json"]).output.split(separator: "\n").map {
            try JSONDecoder().decode(Agent.self, from: Data($0.utf8))
        }
    }
}

/// Keys of a JSON object on a line, in the order in which they are written; not those of objects within.
func topLevelKeys(_ line: Substring) -> [String] {
    var keys: [String] = []
    var depth = 0
    var text: String?
    var last = ""
    var isEscaped = false
    for character in line {
        if let open = text {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                last = open
                text = nil
                continue
            }
            text = open + String(character)
            continue
        }
        switch character {
        case "\"": text = ""
        case "{", "[": depth += 1
        case "}", "]": depth -= 1
        case ":" where depth == 1: keys.append(last)
        default: break
        }
    }
    return keys
}
