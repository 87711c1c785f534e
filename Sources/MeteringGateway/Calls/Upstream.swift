import AsyncHTTPClient

/// A service, and the connections to it.
struct Upstream: Sendable {
    let service: String
    let address: UpstreamAddress
    let credential: (name: String, value: String)?
    let client: HTTPClient
}

/// Every service of a gateway. Those behind the same proxy, or behind none, share their client.
struct Upstreams: Sendable {
    /// Upstreams beside Claude, at most.
    static let most = 32
    static let longestName = 32
    /// An idle connection is closed after this.
    static let keepAliveSeconds: Int64 = 30

    private let byService: [String: Upstream]
    private let clients: [HTTPClient]

    /// - Throws: ``GatewayConfigurationError``; no client is left open then.
    init(_ configuration: GatewayConfiguration) throws {
        var wanted: [(service: String, address: UpstreamAddress, credential: (name: String, value: String)?)] = []
        let claude = configuration.credential.header
        try Self.check(claude, of: MeteredService.claude)
        guard claude.value != "Bearer ", !claude.value.isEmpty else {
            throw GatewayConfigurationError(
                "The credential of claude is empty: set ANTHROPIC_API_KEY or a token for the agent.")
        }
        wanted.append(
            (MeteredService.claude, try UpstreamAddress(configuration.claudeBaseURL, of: MeteredService.claude), claude)
        )
        guard configuration.upstreams.count <= Self.most else {
            throw GatewayConfigurationError(
                "There are \(configuration.upstreams.count) upstreams: give at most \(Self.most).")
        }
        for upstream in configuration.upstreams {
            try Self.check(upstream, taken: wanted.map(\.service))
            let credential =
                upstream.credentialValue.isEmpty ? nil : (upstream.credentialHeader, upstream.credentialValue)
            if let credential { try Self.check(credential, of: upstream.name) }
            wanted.append((upstream.name, try UpstreamAddress(upstream.baseURL, of: upstream.name), credential))
        }
        let proxies = try wanted.map { try configuration.proxies.proxy(for: $0.address) }
        var clients: [ProxyAddress?: HTTPClient] = [:]
        var byService: [String: Upstream] = [:]
        for (entry, proxy) in zip(wanted, proxies) {
            let client = clients[proxy] ?? Self.client(configuration.limits, proxy: proxy)
            clients[proxy] = client
            byService[entry.service] = Upstream(
                service: entry.service, address: entry.address, credential: entry.credential, client: client)
        }
        self.byService = byService
        self.clients = Array(clients.values)
    }

    subscript(service: String) -> Upstream? { byService[service] }

    /// The names of those beside Claude.
    var names: [String] { byService.keys.filter { $0 != MeteredService.claude }.sorted() }

    func shutdown() async throws {
        for client in clients { try await client.shutdown().get() }
    }

    private static func client(_ limits: GatewayLimits, proxy: ProxyAddress?) -> HTTPClient {
        var pool = HTTPClient.Configuration.ConnectionPool(idleTimeout: .seconds(keepAliveSeconds))
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = limits.openCalls
        // A connection that can't be had is reported at once; the gateway's own repeats follow, each with a permit.
        pool.retryConnectionEstablishment = false
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .milliseconds(limits.connectTimeout.rawValue), read: .milliseconds(limits.idleTimeout.rawValue)
            ),
            connectionPool: pool, decompression: .disabled)
        configuration.httpVersion = .http1Only
        if let proxy {
            configuration.proxy = .server(
                host: proxy.host, port: proxy.port,
                authorization: proxy.user.map { .basic(username: $0, password: proxy.password ?? "") })
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static func check(_ upstream: NamedUpstream, taken: [String]) throws {
        let name = upstream.name
        guard (1...longestName).contains(name.utf8.count),
            name.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
            })
        else {
            throw GatewayConfigurationError(
                "An upstream is named '\(name.prefix(longestName))': use 1 to \(longestName) of a-z, 0-9, '-' and '_'.")
        }
        guard !taken.contains(name) else {
            throw GatewayConfigurationError("There are two upstreams named \(name): name each once, and none claude.")
        }
    }

    private static func check(_ header: (name: String, value: String), of service: String) throws {
        let isName = !header.name.isEmpty && header.name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
        guard isName, header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw GatewayConfigurationError(
                "The credential of \(service) can't be a header: it holds a line break or another control character.")
        }
    }
}
