import Foundation

/// One line of `ccctl results --output json`, as scripts see it.
public struct TaskRow: Decodable, Sendable {
    /// Why a task did not succeed.
    public struct Failure: Decodable, Sendable {
        /// An ``ErrorClass`` name, or one that a newer agent knows.
        public var `class`: String
        /// A sentence.
        public var message: String
    }

    /// Tokens, under the names that the API gives them.
    public struct Tokens: Decodable, Sendable {
        /// Read, and neither from the cache nor into it.
        public var input_tokens: Int
        /// Written by the model.
        public var output_tokens: Int
        /// Read from the prompt cache.
        public var cache_read_input_tokens: Int
        /// Written to the prompt cache.
        public var cache_creation_input_tokens: Int
    }

    /// What it did to its worktree.
    public struct Worktree: Decodable, Sendable {
        /// A file that was changed.
        public struct Change: Decodable, Sendable {
            /// A, M, D or T.
            public var kind: String
            /// From the worktree's root.
            public var path: String
        }

        /// The commit that it started from.
        public var base: String
        /// At most 1,000.
        public var changes: [Change]
        /// 0: nothing was changed.
        public var patch_bytes: Int
        /// The branch that was pushed; null when none was.
        public var branch: String?
    }

    /// The job's number, from 1.
    public var job: Int
    /// `job.index`.
    public var task: String
    /// Place in the job, from 0.
    public var index: Int
    /// The end's name, such as `succeeded`.
    public var state: String
    /// Attempts sent; 0: it was never tried.
    public var attempts: Int
    /// Name of the agent whose attempt ended it; null when it ended while none held it.
    public var agent: String?
    /// `agent/slot.generation`; null when none was reported.
    public var instance: String?
    /// The answer's text, fetched where it was kept as a blob; null when there is none.
    public var result: String?
    /// Null when it succeeded.
    public var error: Failure?
    /// Of the attempt that ended it.
    public var usage: Tokens
    /// Dollars, of the attempt that ended it.
    public var cost_usd: Double
    /// The CLI's session; null when no instance gave a result.
    public var session_id: String?
    /// RFC 3339; when the coordinator took the task.
    public var queued_at: String?
    /// RFC 3339; null when no result ended it.
    public var started_at: String?
    /// RFC 3339.
    public var finished_at: String?
    /// From ``started_at`` to ``finished_at``, in milliseconds; null when the former is.
    public var duration_ms: Int?
    /// The line that a template was filled with, or the prompt itself.
    public var input: String
    /// Absent when it had none.
    public var workspace: Worktree?

    /// Reads the lines of a whole output.
    public static func read(_ output: String) throws -> [TaskRow] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(TaskRow.self, from: Data($0.utf8)) }
    }
}
