import ClusterModel

/// What a bucket's name says: the service, what is limited, and for Claude perhaps the class of models.
///
/// Calls draw from buckets by these names alone, so a limit under any other name would hold nothing: it is refused.
public struct BucketName: Hashable, Sendable, CustomStringConvertible {
    /// What is limited; its raw value is the name's second part.
    public enum Kind: String, CaseIterable, Sendable {
        /// Calls.
        case requests
        /// Calls at the same time.
        case concurrency
        /// Calls that change nothing.
        case read
        /// Calls that change something.
        case write
        /// Tokens that a model reads, cache reads left out.
        case inputTokens = "input_tokens"
        /// Tokens that a model writes.
        case outputTokens = "output_tokens"
        /// Both together.
        case tokens
        /// Calls that only count tokens.
        case countTokens = "count_tokens"
        /// GitHub's own measure: a call that reads is one, a call that writes is five.
        case points
        /// Calls that create what others are notified of: issues, comments, reviews.
        case content
        /// The same over a longer window.
        case contentLong = "content_long"
        /// Calls that change one issue of Jira's, for each issue by itself.
        case issueWrites = "issue_writes"
        /// The same over a longer window.
        case issueWritesLong = "issue_writes_long"

        /// The one service that has it; nil: every service has.
        public var owner: String? {
            switch self {
            case .requests, .concurrency, .read, .write: nil
            case .inputTokens, .outputTokens, .tokens, .countTokens: BucketName.claude
            case .points, .content, .contentLong: BucketName.github
            case .issueWrites, .issueWritesLong: BucketName.jira
            }
        }

        /// Whether it can be limited for a class of models.
        public var hasModelClass: Bool {
            switch self {
            case .requests, .concurrency, .inputTokens, .outputTokens, .tokens, .countTokens: true
            default: false
            }
        }

        /// Whether each issue has a limit of its own.
        var isPerIssue: Bool { self == .issueWrites || self == .issueWritesLong }
    }

    /// The service with models and tokens.
    public static let claude = "claude"
    /// Counts points and created content.
    public static let github = "github"
    /// Limits the writes to each issue.
    public static let jira = "jira"

    /// `claude`, `jira`, `github`, or another of lower-case letters, digits and dashes.
    public let service: String
    /// What is limited.
    public let kind: Kind
    /// Such as `sonnet`; nil: all models together.
    public let modelClass: String?

    /// Throws a sentence when no call would draw from a bucket of this name.
    public init(service: String, kind: Kind, modelClass: String? = nil) throws(BucketLimitError) {
        let name = Self.text(service, kind, modelClass)
        let shown = Self.shown(name)
        guard Self.isWord(service) else {
            throw BucketLimitError(
                shown, "a service is named by lower-case letters, digits and dashes, not '\(service.prefix(40))'")
        }
        guard kind.owner == nil || kind.owner == service else {
            throw BucketLimitError(
                shown,
                "\(kind.rawValue) is of \(kind.owner ?? "") alone: \(service) has \(Self.list(Self.kinds(of: service)))"
            )
        }
        if let modelClass {
            guard service == Self.claude, kind.hasModelClass else {
                throw BucketLimitError(
                    shown, "\(service).\(kind.rawValue) has no limits for classes of models: take .\(modelClass) out")
            }
            guard Self.isWord(modelClass) else {
                throw BucketLimitError(
                    shown, "a class of models is named by lower-case letters, digits and dashes, such as sonnet")
            }
        }
        guard name.utf8.count <= Limits.nameBytes else {
            throw BucketLimitError(shown, "the name is over \(Limits.nameBytes) bytes")
        }
        self.service = service
        self.kind = kind
        self.modelClass = modelClass
    }

    /// Reads `claude.requests` or `claude.requests.sonnet`.
    public init(parsing text: String) throws(BucketLimitError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let shown = Self.shown(text)
        guard (2...3).contains(parts.count), Self.isWord(parts[0]) else {
            throw BucketLimitError(
                shown, "a name is a service and what is limited, such as claude.requests or jira.concurrency")
        }
        let service = String(parts[0])
        guard let kind = Kind(rawValue: String(parts[1])) else {
            throw BucketLimitError(
                shown, "'\(parts[1].prefix(40))' can't be limited: \(service) has \(Self.list(Self.kinds(of: service)))"
            )
        }
        try self.init(service: service, kind: kind, modelClass: parts.count == 3 ? String(parts[2]) : nil)
    }

    /// As it is written: `claude.requests.sonnet`.
    public var description: String { Self.text(service, kind, modelClass) }

    /// What a service's limits can be of.
    public static func kinds(of service: String) -> [Kind] {
        Kind.allCases.filter { $0.owner == nil || $0.owner == service }
    }

    /// Refuses a rate for what is held, and a number held for what is spent.
    public func check(_ limit: BucketLimit) throws(BucketLimitError) {
        if kind == .concurrency, !limit.isConcurrency {
            throw BucketLimitError(description, "'\(limit)' is a rate: write how many at once, such as concurrency=20")
        }
        if kind != .concurrency, limit.isConcurrency {
            let other = Self.text(service, .concurrency, modelClass)
            throw BucketLimitError(description, "'\(limit)' is no rate such as 60/min: \(other) limits calls at once")
        }
    }

    private static func text(_ service: String, _ kind: Kind, _ modelClass: String?) -> String {
        "\(service).\(kind.rawValue)" + (modelClass.map { ".\($0)" } ?? "")
    }

    private static func shown(_ name: String) -> String { "'\(name.prefix(60))'" }

    private static func list(_ kinds: [Kind]) -> String { kinds.map(\.rawValue).joined(separator: ", ") }

    private static func isWord(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
