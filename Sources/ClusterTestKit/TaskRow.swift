import Foundation

/// One line of `ccctl results --output json`, as scripts see it.
public struct TaskRow: Decodable, Sendable {
    public struct Failure: Decodable, Sendable {
        public var `class`: String
        public var message: String
    }

    public struct Tokens: Decodable, Sendable {
        public var input_tokens: Int
        public var output_tokens: Int
        public var cache_read_input_tokens: Int
        public var cache_creation_input_tokens: Int
    }

    public var job: Int
    public var task: String
    public var index: Int
    public var state: String
    public var attempts: Int
    public var agent: String?
    public var instance: String?
    public var result: String?
    public var error: Failure?
    public var usage: Tokens
    public var cost_usd: Double
    public var session_id: String?
    public var queued_at: String?
    public var started_at: String?
    public var finished_at: String?
    public var duration_ms: Int?
    public var input: String

    /// Reads the lines of a whole output.
    public static func read(_ output: String) throws -> [TaskRow] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(TaskRow.self, from: Data($0.utf8)) }
    }
}
