import AsyncHTTPClient
import Foundation
import MeteringGateway
import Testing

/// Callers that leave, instances that are put out, a gateway that stops.
@Suite(.timeLimit(.minutes(1))) struct LeavingTests {
    @Test func whoLeavesWhileWaitingSendsNothing() async throws {
        let upstream = try RawUpstream { connection, _ in connection.request() }
        let permits = RecordingPermits(.waits)
        try await withGateway(to: upstream.url, permits: permits) { scene async throws in
            let call = Task { try await scene.message("hello") }
            await permits.state.wait { $0.asked.count == 1 }
            call.cancel()
            await permits.state.wait { $0.cancelled == 1 }
            #expect(permits.state.now.granted.isEmpty && upstream.state.now.connections == 0)
        }
    }

    @Test func aPermitGrantedInTheInstantOfLeavingIsGivenBack() async throws {
        let upstream = try RawUpstream { connection, _ in connection.request() }
        let permits = RecordingPermits(.grantsWhenCancelled)
        try await withGateway(to: upstream.url, permits: permits) { scene async throws in
            let call = Task { try await scene.message("hello") }
            await permits.state.wait { $0.asked.count == 1 }
            call.cancel()
            let state = await permits.state.wait { $0.ends.count == 1 }
            #expect(state.ends.map(\.end) == [.unsent] && upstream.state.now.connections == 0)
        }
    }

    @Test func whoLeavesBeforeTheAnswerClosesTheServicesConnection() async throws {
        let upstream = try RawUpstream { connection, _ in
            connection.request()
            connection.waitUntilLeft()
        }
        try await withGateway(to: upstream.url) { scene async throws in
            let call = Task { try await scene.message("hello") }
            await upstream.state.wait { $0.requests.count == 1 }
            call.cancel()
            await upstream.state.wait { $0.left == 1 }
            let reports = await scene.permits.state.wait { !$0.ends.isEmpty }.reports
            #expect(reports.map(\.errorType) == [GatewayErrorType.callerLeft])
            #expect(reports.map(\.status) == [nil] && reports.map(\.isCut) == [true])
        }
    }

    @Test func whoLeavesInTheMiddleIsReportedCut() async throws {
        let upstream = try Self.halfway()
        try await withGateway(to: upstream.url) { scene async throws in
            let call = Task {
                let response = try await scene.open(scene.request(body: GatewayScene.body("hello")))
                for try await _ in response.body {}
            }
            await scene.permits.state.wait { !$0.progress.isEmpty }
            call.cancel()
            await upstream.state.wait { $0.left == 1 }
            let state = await scene.permits.state.wait { !$0.ends.isEmpty }
            let report = try #require(state.reports.first, "\(state)")
            #expect(report.isCut && report.status == 200 && report.errorType == GatewayErrorType.callerLeft)
            #expect(report.usage.input == 12)
        }
    }

    @Test func anInstanceThatIsPutOutLosesItsCalls() async throws {
        let upstream = try Self.halfway()
        try await withGateway(to: upstream.url) { scene async throws in
            let response = try await scene.open(scene.request(body: GatewayScene.body("hello")))
            #expect(response.status == .ok)
            scene.gateway.unregister(instance: "3.2")
            await upstream.state.wait { $0.left == 1 }
            await #expect(throws: (any Error).self) { for try await _ in response.body {} }
            let report = try #require(await scene.permits.state.wait { !$0.ends.isEmpty }.reports.first)
            #expect(report.isCut && report.usage.input == 12)
        }
    }

    @Test func aShutdownEndsEveryCall() async throws {
        let upstream = try Self.halfway()
        let waiting = RecordingPermits(.waits)
        try await withGateway(to: upstream.url, permits: waiting) { scene async throws in
            let call = Task { try await scene.message("hello") }
            await waiting.state.wait { $0.asked.count == 1 }
            await scene.gateway.shutdown()
            #expect(waiting.state.now.cancelled == 1)
            await #expect(throws: (any Error).self) { try await call.value }
        }
        let permits = RecordingPermits()
        try await withGateway(to: upstream.url, permits: permits) { scene async throws in
            let response = try await scene.open(scene.request(body: GatewayScene.body("hello")))
            await scene.gateway.shutdown()
            #expect(permits.state.now.reports.map(\.isCut) == [true])
            await #expect(throws: (any Error).self) { for try await _ in response.body {} }
        }
    }

    /// Begins a stream and then says nothing until it is left.
    private static func halfway() throws -> RawUpstream {
        try RawUpstream { connection, _ in
            connection.request()
            connection.beginStream()
            connection.event(Events.start(input: 12))
            connection.waitUntilLeft()
        }
    }
}
