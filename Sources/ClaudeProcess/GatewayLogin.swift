import ClusterModel

/// How an instance reaches the service through its agent's gateway instead of by itself.
public struct GatewayLogin: Hashable, Sendable {
    /// Where the instance's calls go.
    public var baseURL: String
    /// What the instance authenticates with: good at the gateway alone.
    public var key: String
    /// The agent's own credential, which stays with the agent; the instance's key takes its variable.
    public var credential: Credential
    /// Addresses of other services by name, told to tasks as `CC_<NAME>_BASE_URL`.
    public var upstreams: [String: String]

    /// Everything as given.
    public init(baseURL: String, key: String, credential: Credential, upstreams: [String: String] = [:]) {
        self.baseURL = baseURL
        self.key = key
        self.credential = credential
        self.upstreams = upstreams
    }
}

extension InstanceEnvironment {
    /// The CLI's own timers while its calls may be held: above the longest hold (5 minutes) and the service's own 10 minutes.
    static let heldCallMilliseconds = 1_200_000

    /// Repeats by the CLI itself, behind a gateway.
    static let retries = 3

    /// Makes an instance speak to the gateway: the agent's credentials leave its environment.
    public static func lead(_ values: inout [String: String], to login: GatewayLogin) {
        for credential in Credential.allCases { values[credential.rawValue] = nil }
        values[login.credential.rawValue] = login.key
        values["ANTHROPIC_BASE_URL"] = login.baseURL
        for name in ["API_TIMEOUT_MS", "CLAUDE_STREAM_IDLE_TIMEOUT_MS", "CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS"] {
            values[name] = String(heldCallMilliseconds)
        }
        // The gateway repeats what can be repeated; what is left to the CLI are streams that broke after their first byte.
        values["CLAUDE_CODE_MAX_RETRIES"] = String(retries)
        for (name, address) in login.upstreams.sorted(by: { $0.key < $1.key }) {
            let word = String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
            values["CC_\(word)_BASE_URL"] = address
        }
    }
}
