import ClusterWire
import Trust

/// Who may ask what: the one place that says so. The table for people is in docs/SECURITY.md.
enum Permissions {
    /// The least role that a client's request needs, and what the request is called.
    static func needed(for body: Ccorchestrator_V1_ClientRequest.OneOf_Body) -> (role: Role, request: String) {
        switch body {
        case .getJobs: (.readOnly, "jobs")
        case .getTasks: (.readOnly, "tasks")
        case .getResults: (.readOnly, "results")
        case .getAgents: (.readOnly, "agents")
        case .getServerInfo: (.readOnly, "version")
        case .getWhy: (.readOnly, "why")
        case .getAttempts: (.readOnly, "attempts")
        case .getSetAside: (.readOnly, "set-aside")
        case .getQuotas: (.readOnly, "quota")
        case .submit: (.client, "submit")
        case .cancel: (.client, "cancel")
        case .control(let control): needed(for: control)
        case .changeQuota: (.admin, "quota set")
        case .prune: (.admin, "prune")
        case .backup: (.admin, "backup")
        }
    }

    private static func needed(for control: Ccorchestrator_V1_Control) -> (role: Role, request: String) {
        switch control.verb {
        case .pause: (control.job == 0 ? .admin : .client, control.job == 0 ? "pause of the whole queue" : "pause")
        case .resume: (control.job == 0 ? .admin : .client, control.job == 0 ? "resume of the whole queue" : "resume")
        case .hold: (.client, "hold")
        case .release: (.client, "release")
        case .retry: (.client, "retry")
        case .prioritize: (.client, "priority")
        case .budget: (.client, "budget")
        case .drain: (.admin, "drain")
        case .undrain: (.admin, "undrain")
        case .recalculate: (.admin, "recalculate")
        // It is refused as unknown, whoever asks.
        case .unspecified, .UNRECOGNIZED: (.readOnly, "an unknown verb")
        }
    }

    /// Why a peer may not ask this; nil: it may.
    static func objection(to body: Ccorchestrator_V1_ClientRequest.OneOf_Body, from peer: Peer) -> String? {
        let (role, request) = needed(for: body)
        guard !peer.role.covers(role) else { return nil }
        return "the key of \(peer.name) has the role \(peer.role.rawValue), and \(request) needs \(role.rawValue)"
    }

    /// Whether a peer may bring content, and fetch some.
    static func mayPut(_ peer: Peer) -> Bool { peer.role == .agent || peer.role.covers(.client) }

    /// The refusal of whoever is not let in any more.
    static let notAllowed = "this key is not allowed any more: ask whoever runs the coordinator for another"
}
