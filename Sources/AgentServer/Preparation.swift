import AgentOutbox
import ClaudeProcess
import Logging
import Settings
import Trust
import ZeroMQ

/// What must be right on this host before an agent offers itself: everything here ends in one sentence or not at all.
struct Preparation {
    let settings: AgentSettings
    let environment: [String: String]
    let logger: Logger

    /// A host that is ready.
    struct Host: Sendable {
        var directory: StateDirectory
        var guardPath: String
        /// Empty where no task may use it.
        var claudeVersion: String
        var keys: CurveKeyPair
        /// Who the coordinator must prove to be.
        var serverKey: CurvePublicKey
        /// Nil where no task may use `claude`.
        var credential: Credential?
    }

    /// Amazon's and Google's services are signed for, not keyed: the gateway can't stand between.
    private func refuseOtherClouds() throws(AgentError) {
        guard settings.hasGateway else { return }
        for (name, service) in [
            ("CLAUDE_CODE_USE_BEDROCK", "Amazon Bedrock"), ("CLAUDE_CODE_USE_VERTEX", "Google Vertex AI"),
        ] {
            guard let value = environment[name], !value.isEmpty, value != "0" else { continue }
            throw AgentError(
                .unusable,
                "\(name) is set, and calls to \(service) can't be metered by the gateway: take it out, or start the agent with --gateway false"
            )
        }
    }

    /// The key file's pair and server, else the secret file's for both.
    private func identity() throws -> (CurveKeyPair, CurvePublicKey) {
        guard let path = settings.keyFile else {
            let keys = try LoopbackSecret.loadOrCreate(path: settings.secretFile)
            return (keys, keys.publicKey)
        }
        let key = try KeyFile.load(path)
        guard key.peer.role == .agent else {
            throw TrustError(
                "the key file \(path) is for the role \(key.peer.role.rawValue): an agent needs one made with --role agent"
            )
        }
        guard key.peer.name == settings.name else {
            throw TrustError(
                "the key file \(path) is for an agent named \(key.peer.name): start it with --name \(key.peer.name)")
        }
        return (key.keys, key.server)
    }

    /// - Throws: ``AgentError`` for the first thing that is not right.
    func prepare() async throws -> Host {
        let guardPath = settings.guardPath ?? FileAccess.programDirectory + "/cc-guard"
        guard FileAccess.isExecutable(guardPath) else {
            throw AgentError(
                .unusable, "there is no cc-guard at \(guardPath): put it beside the agent, or name it with --guard")
        }
        do {
            // An agent that runs commands alone needs neither.
            var version = ""
            var credential: Credential?
            if settings.policy.runners.contains("claude") {
                try refuseOtherClouds()
                credential = try Credential.find(in: environment)
                version = try await ClaudeProbe.check(path: settings.claudePath)
            }
            let directory = try StateDirectory(settings.stateDirectory)
            let (keys, serverKey) = try identity()
            let killed = OrphanSweep.sweep(marker: settings.stateDirectory)
            if killed > 0 {
                logger.warning("processes of an agent that was killed were ended", metadata: ["count": "\(killed)"])
            }
            return Host(
                directory: directory, guardPath: guardPath, claudeVersion: version, keys: keys, serverKey: serverKey,
                credential: credential)
        } catch {
            throw AgentError(.unusable, "\(error)")
        }
    }
}
