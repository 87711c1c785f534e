import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A running anthropic-sim and what it says of itself.
public struct SimulatedAPI: Sendable {
    /// The program itself, for a scene that stops it or reads its log.
    public let process: ManagedProcess
    /// Its base address, `http://127.0.0.1:PORT`: what ANTHROPIC_BASE_URL is set to.
    public let url: String

    /// Starts one on a free port.
    public static func start(_ bench: Workbench, _ options: [String] = []) async throws -> SimulatedAPI {
        let portFile = bench.scratch + "/sim-\(UUID().uuidString).port"
        let process = try ManagedProcess(
            bench, name: "anthropic-sim", program: "anthropic-sim", ["--port", "0", "--port-file", portFile] + options,
            environment: bench.environment())
        var port = ""
        try await eventually("anthropic-sim to listen", within: .seconds(30)) {
            guard process.isRunning else { throw SceneError("anthropic-sim ended:\n\(process.logTail())") }
            port =
                (try? String(contentsOfFile: portFile, encoding: .utf8))?.trimmingCharacters(
                    in: .whitespacesAndNewlines) ?? ""
            return !port.isEmpty
        }
        return SimulatedAPI(process: process, url: "http://127.0.0.1:\(port)")
    }

    /// `/_stats`, the part that scenes look at.
    public struct Stats: Decodable, Sendable {
        /// Message calls that arrived, whatever became of them.
        public var total: Int
        /// Calls answered in full.
        public var ok: Int
        /// Calls that are open now, those held back included.
        public var openNow: Int
        /// The most calls that were open at once.
        public var peakOpen: Int
        /// Calls answered with 429.
        public var status429: Int
        /// Calls answered with 529.
        public var status529: Int
        /// Calls answered with 500.
        public var status500: Int
        /// Answers cut after their first delta.
        public var cut: Int
        /// When the first call arrived, in milliseconds since the start; nil: none did.
        public var firstCall: Int?
        /// The same of the last.
        public var lastCall: Int?
        /// By name: `requests`, `input_tokens`, `output_tokens`.
        public var limits: [String: Limit]
        /// Seconds with arrivals.
        public var perSecond: [Second]
        /// Conversations: distinct session ids in the calls' headers.
        public var sessions: Int

        /// One limit and what it did.
        public struct Limit: Decodable, Sendable {
            /// Units a minute; nil when it is not set.
            public var limit: Int?
            /// What its bucket holds at most; nil when it is not set.
            public var burst: Int?
            /// Units charged.
            public var used: Int
        }

        /// The calls of one second.
        public struct Second: Decodable, Sendable {
            /// Since the start.
            public var second: Int
            /// That arrived in it.
            public var calls: Int
        }

        enum CodingKeys: String, CodingKey {
            case total, ok, cut, limits, sessions
            case openNow = "open_now"
            case peakOpen = "peak_open"
            case status429 = "429"
            case status529 = "529"
            case status500 = "500"
            case firstCall = "first_call_ms"
            case lastCall = "last_call_ms"
            case perSecond = "per_second"
        }
    }

    /// One prompt that began a turn, from `/_prompts`.
    public struct Prompt: Decodable, Sendable {
        /// Its first 300 characters, without what the CLI adds.
        public var text: String
        /// Its distinct `NONCE-…` words, in order of appearance.
        public var nonces: [String]
        /// Calls that arrived with it as their last message: more than 1 means that it was asked again.
        public var arrived: Int
        /// Calls among them that were answered in full.
        public var answered: Int
    }

    /// Which words of a kind the bodies of the kept requests hold, from `/_mentions`.
    public struct Mentions: Decodable, Sendable {
        /// Requests whose bodies were looked at, all that arrived, and those of which only the beginning was kept.
        public var kept: Int, total: Int, cut: Int
        /// Requests with no such word, with one, with several different ones.
        public var without: Int, withOne: Int, withSeveral: Int
        /// Different words in all of them.
        public var words: Int
        /// The words of some requests that hold several.
        public var mixed: [[String]]

        enum CodingKeys: String, CodingKey {
            case kept, total, cut, without, words, mixed
            case withOne = "with_one"
            case withSeveral = "with_several"
        }
    }

    /// Looks through the kept requests for words that begin with a prefix of letters, digits, `-` and `_`.
    ///
    /// - Throws: as ``stats()``.
    public func mentions(of prefix: String) async throws -> Mentions {
        try JSONDecoder().decode(Mentions.self, from: try await get("/_mentions?prefix=\(prefix)"))
    }
    /// Asks for the counts as they are now.
    ///
    /// - Throws: ``SceneError`` for another status than 200, the URL loader's or the decoder's error otherwise.
    public func stats() async throws -> Stats { try JSONDecoder().decode(Stats.self, from: try await get("/_stats")) }
    /// Asks for every distinct prompt so far.
    ///
    /// - Throws: as ``stats()``.
    public func prompts() async throws -> [Prompt] {
        try JSONDecoder().decode([Prompt].self, from: try await get("/_prompts"))
    }
    /// What one call holds of users' marked words, from `/_conversations`.
    public struct Conversation: Decodable, Sendable {
        /// The distinct `NONCE-…` words of all of its messages, in order of appearance.
        public var nonces: [String]
        /// How often each of them stands there.
        public var mentions: [Int]
    }

    /// Asks what each of the newest 2,000 calls holds.
    ///
    /// - Throws: as ``stats()``.
    public func conversations() async throws -> [Conversation] {
        try JSONDecoder().decode([Conversation].self, from: try await get("/_conversations"))
    }

    /// Asks how many of the newest 2,000 calls hold a text of letters, digits and spaces.
    ///
    /// - Throws: as ``stats()``.
    public func requests(containing text: String) async throws -> Int {
        struct Found: Decodable { var count: Int }
        let escaped = text.replacingOccurrences(of: " ", with: "%20")
        return try JSONDecoder().decode(Found.self, from: try await get("/_requests?contains=" + escaped)).count
    }

    /// Message calls are accepted and not answered until ``release()``.
    public func hold() async throws { _ = try await request("POST", "/_hold") }
    /// Answers what ``hold()`` kept waiting, and from now on every call again.
    public func release() async throws { _ = try await request("POST", "/_release") }

    private func get(_ path: String) async throws -> Data { try await request("GET", path) }

    private func request(_ method: String, _ path: String) async throws -> Data {
        guard let target = URL(string: url + path) else { throw SceneError("\(url + path) is no URL") }
        var request = URLRequest(url: target, timeoutInterval: 10)
        request.httpMethod = method
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, status == 200 else {
            throw SceneError("\(method) \(path) answered \(response)")
        }
        return data
    }
}
