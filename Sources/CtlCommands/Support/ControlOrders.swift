import CoordinatorClient

/// What the control verbs share: selectors to targets, and an answer for each.
enum ControlOrders {
    static let help = "Jobs (7, 1,3,5-8, last, all) or tasks (7.12, 7.1,3,5-8)."

    /// Carries out one verb for all that is named, after all of it was read.
    /// - Parameter sentence: Says how many tasks changed, such as `3 tasks held`.
    static func perform(
        _ verb: String, on what: [String], _ global: GlobalOptions, endedToo: Bool = false,
        sentence: @Sendable @escaping (UInt32) -> String,
        _ order: @Sendable @escaping (CoordinatorClient, ControlTarget) async throws -> UInt32
    ) async throws {
        let selectors = try what.map { try TaskSelector($0) }
        try await CtlSession.with(global) { session in
            var targets: [ControlTarget] = []
            for selector in selectors { targets += try await selector.targets(session.client, endedToo: endedToo) }
            for target in targets {
                let changed = try await order(session.client, target)
                var json = JSONObject()
                json.add("verb", verb)
                if let job = target.named?.job { json.add("job", job.rawValue) } else { json.addNull("job") }
                json.add("changed", changed)
                let name = target.named.map { "job \($0.job)" } ?? "the queue"
                try session.print("\(name): \(sentence(changed))", json: json, quiet: nil)
            }
        }
    }

    /// Pauses or resumes jobs, or the whole queue.
    static func pauseOrResume(
        _ verb: String, _ what: [String], _ global: GlobalOptions, done: String, already: String,
        _ order: @Sendable @escaping (CoordinatorClient, ControlTarget) async throws -> UInt32
    ) async throws {
        let selectors = try what.map { try JobSelector($0) }
        try await CtlSession.with(global) { session in
            var targets: [ControlTarget] = []
            // `all` means the queue itself, so that what is submitted later waits, too.
            if selectors.isEmpty || selectors.contains(.all) { targets = [.queue] }
            for selector in selectors where selector != .all {
                targets += try await selector.jobs(session.client).map { .job($0.job) }
            }
            for target in targets {
                let changed = try await order(session.client, target)
                var json = JSONObject()
                json.add("verb", verb)
                if let job = target.named?.job { json.add("job", job.rawValue) } else { json.addNull("job") }
                json.add("changed", changed)
                let name = target.named.map { "job \($0.job)" } ?? "the queue"
                try session.print("\(name) \(changed > 0 ? done : already)", json: json, quiet: nil)
            }
        }
    }
}
