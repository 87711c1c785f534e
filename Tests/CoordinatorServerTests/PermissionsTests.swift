import ClusterWire
import Testing
import Trust

@testable import CoordinatorServer

/// The table of docs/SECURITY.md, row by row.
@Suite("Who may ask what")
struct PermissionsTests {
    typealias Body = Ccorchestrator_V1_ClientRequest.OneOf_Body

    private static func control(_ verb: Ccorchestrator_V1_ControlVerb, job: UInt64 = 0) -> Body {
        var control = Ccorchestrator_V1_Control()
        control.verb = verb
        control.job = job
        return .control(control)
    }

    /// The least role of each request.
    static let table: [(Body, Role)] = [
        (.getJobs(.init()), .readOnly), (.getTasks(.init()), .readOnly), (.getResults(.init()), .readOnly),
        (.getAgents(.init()), .readOnly), (.getServerInfo(.init()), .readOnly), (.getWhy(.init()), .readOnly),
        (.getAttempts(.init()), .readOnly), (.getSetAside(.init()), .readOnly), (.getQuotas(.init()), .readOnly),
        (.submit(.init()), .client), (.cancel(.init()), .client),
        (control(.pause, job: 1), .client), (control(.resume, job: 1), .client), (control(.hold, job: 1), .client),
        (control(.release, job: 1), .client), (control(.retry, job: 1), .client),
        (control(.prioritize, job: 1), .client), (control(.budget, job: 1), .client),
        (control(.pause), .admin), (control(.resume), .admin), (control(.drain), .admin), (control(.undrain), .admin),
        (control(.recalculate), .admin),
        (.changeQuota(.init()), .admin), (.prune(.init()), .admin), (.backup(.init()), .admin),
    ]

    @Test(arguments: Role.allCases)
    func everyRequest(_ role: Role) {
        let peer = Peer(role: role, name: "ann")
        for (body, least) in Self.table {
            let objection = Permissions.objection(to: body, from: peer)
            let mayAsk =
                switch role {
                case .agent: false
                case .readOnly: least == .readOnly
                case .client: least != .admin
                case .admin: true
                }
            #expect((objection == nil) == mayAsk, "\(role) \(body): \(objection ?? "allowed")")
            if let objection { #expect(objection.contains("ann") && objection.contains(role.rawValue)) }
        }
    }

    @Test func contentComesFromWhoSubmitsAndWhoWorks() {
        let may = Role.allCases.filter { Permissions.mayPut(Peer(role: $0, name: "x")) }
        #expect(may == [.agent, .client, .admin])
    }
}
