import ClaudeProcess
import ClusterModel
import Logging
import MeteringGateway
import Settings

/// How an agent's gateway is set up from its settings and its environment.
enum Gateway {
    /// Nil where no task uses `claude`, or the settings say so.
    ///
    /// - Throws: ``AgentError`` when it can't work.
    static func start(
        settings: AgentSettings, environment: [String: String], permits: PermitBroker, logger: Logger
    ) async throws(AgentError) -> MeteringGateway? {
        guard settings.hasGateway, settings.policy.runners.contains("claude") else { return nil }
        do {
            return try await MeteringGateway.start(
                try configuration(settings, environment), permits: permits, logger: logger)
        } catch {
            throw AgentError(.unusable, "the gateway for the instances' calls can't start: \(error)")
        }
    }

    private static func configuration(
        _ settings: AgentSettings, _ environment: [String: String]
    ) throws -> GatewayConfiguration {
        let credential = try Credential.find(in: environment)
        let secret = environment[credential.rawValue] ?? ""
        var configuration = GatewayConfiguration(
            credential: credential == .apiKey ? .apiKey(secret) : .bearer(secret),
            spoolDirectory: "\(settings.stateDirectory)/spool")
        if let base = environment["ANTHROPIC_BASE_URL"], !base.isEmpty { configuration.claudeBaseURL = base }
        configuration.proxies = ProxySettings(environment: environment)
        configuration.upstreams = settings.upstreams.sorted { $0.key < $1.key }.map { name, address in
            // What a service is authenticated with comes from the agent's environment: JIRA_AUTHORIZATION, the header's whole value.
            let variable = name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() + "_AUTHORIZATION"
            return NamedUpstream(
                name: name, baseURL: address, credentialHeader: "authorization",
                credentialValue: environment[variable] ?? "")
        }
        return configuration
    }
}
