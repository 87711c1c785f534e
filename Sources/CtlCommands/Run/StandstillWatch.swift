import CoordinatorClient

/// Ends a run whose own agent takes no work and says why: nobody else will do it, and nobody may be there to read that it waits.
struct StandstillWatch: Sendable {
    /// An agent that holds everything back for so long will not be well again by itself soon: after a refused credential it rests for 30 s
    /// before it tries one task.
    private static let patience = Duration.seconds(10)
    private static let interval = Duration.seconds(1)

    /// What the agent says of itself.
    struct Standstill: Error, CustomStringConvertible {
        let description: String
    }

    let client: CoordinatorClient

    /// Returns only by throwing.
    ///
    /// - Throws: ``Standstill``, and what the client throws.
    func watch() async throws -> Never {
        let clock = ContinuousClock()
        var since: ContinuousClock.Instant?
        while true {
            let agent = try await client.agents().first { $0.state == "live" }
            if let agent, agent.capacity == 0, !agent.heldBecause.isEmpty {
                let begun = since ?? clock.now
                since = begun
                if clock.now - begun >= Self.patience { throw Standstill(description: agent.heldBecause) }
            } else {
                since = nil
            }
            // The coordinator tells no events yet: it is asked again.
            try await Task.sleep(for: Self.interval)
        }
    }
}
