import ClusterModel

/// What a gateway forwards to, with which credential, and its limits.
public struct GatewayConfiguration: Sendable {
    /// Where Claude's calls go: `http` or `https`, a path in front of the API's own is kept.
    public var claudeBaseURL = GatewayConfiguration.vendorBaseURL
    /// The agent's own credential for it. Instances never see it.
    public var credential: UpstreamCredential
    /// Other services behind this gateway.
    public var upstreams: [NamedUpstream] = []
    /// Which proxy leads to which host.
    public var proxies = ProxySettings()
    /// Where long bodies are kept while they wait; it is made if it does not exist. Files in it have no name and vanish with this process.
    public var spoolDirectory: String
    /// What may grow how far.
    public var limits = GatewayLimits()

    /// The vendor's own API.
    public static let vendorBaseURL = "https://api.anthropic.com"

    /// Claude at the vendor's address, and nothing else.
    public init(credential: UpstreamCredential, spoolDirectory: String) {
        self.credential = credential
        self.spoolDirectory = spoolDirectory
    }
}

/// What a gateway shows to Claude's API in place of an instance's key.
public enum UpstreamCredential: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Sent as `x-api-key`.
    case apiKey(String)
    /// Sent as `authorization: Bearer`: ANTHROPIC_AUTH_TOKEN and CLAUDE_CODE_OAUTH_TOKEN.
    case bearer(String)

    /// Its kind, never its value.
    public var description: String {
        switch self {
        case .apiKey: "an API key"
        case .bearer: "a bearer token"
        }
    }
    /// Its kind, never its value.
    public var debugDescription: String { description }

    var header: (name: String, value: String) {
        switch self {
        case .apiKey(let key): ("x-api-key", key)
        case .bearer(let token): ("authorization", "Bearer \(token)")
        }
    }
}

/// A service beside Claude that instances reach through the gateway.
public struct NamedUpstream: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The service's name, as its calls are metered: lower-case letters, digits, `-` and `_`, at most 32.
    public var name: String
    /// `http` or `https`, with or without a path.
    public var baseURL: String
    /// The header that carries the credential.
    public var credentialHeader: String
    /// That header's value; empty: the service needs none.
    public var credentialValue: String

    /// Everything as given.
    public init(name: String, baseURL: String, credentialHeader: String = "authorization", credentialValue: String = "")
    {
        self.name = name
        self.baseURL = baseURL
        self.credentialHeader = credentialHeader
        self.credentialValue = credentialValue
    }

    /// Without the credential.
    public var description: String { "\(name) at \(baseURL)" }
    /// Without the credential.
    public var debugDescription: String { description }
}

/// What a gateway lets grow how far.
public struct GatewayLimits: Hashable, Sendable {
    /// The longest body of a call, in bytes.
    public var bodyBytes = 32 * 1024 * 1024
    /// Longer bodies than this wait in a file.
    public var bodyBytesInMemory = 1024 * 1024
    /// How long a connection to a service may take.
    public var connectTimeout: Milliseconds = 30_000
    /// How long a service may be silent: before its answer, and in the middle of it.
    public var idleTimeout: Milliseconds = 600_000
    /// The most calls at once; further ones are answered 503.
    public var openCalls = 4096
    /// How often one call is repeated after 5xx and broken connections.
    public var repeats = 10

    /// The usual ones.
    public init() {}
}

/// A gateway can't be had with its configuration, in words.
public struct GatewayConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong and what to do.
    public var message: String
    /// With that sentence.
    public init(_ message: String) { self.message = message }
    /// The sentence.
    public var description: String { message }
}
