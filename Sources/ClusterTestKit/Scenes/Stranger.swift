import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Somebody else who calls the same API at an even pace and knows of no limit.
struct Stranger: Sendable {
    /// What came of the calls.
    struct Counts: Sendable {
        var calls = 0
        var refused = 0
    }

    private let work: Task<Counts, Never>

    init(api: String, callsPerMinute: Int) {
        work = Task {
            var counts = Counts()
            guard let url = URL(string: api + "/v1/messages") else { return counts }
            let body = Data(
                #"{"model":"claude-stranger-1","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}"#.utf8)
            while !Task.isCancelled {
                var request = URLRequest(url: url, timeoutInterval: 30)
                request.httpMethod = "POST"
                request.httpBody = body
                request.setValue("application/json", forHTTPHeaderField: "content-type")
                request.setValue("sk-stranger", forHTTPHeaderField: "x-api-key")
                do {
                    let (_, response) = try await URLSession.shared.data(for: request)
                    counts.calls += 1
                    if (response as? HTTPURLResponse)?.statusCode == 429 { counts.refused += 1 }
                    try await Task.sleep(for: .milliseconds(60_000 / max(1, callsPerMinute)))
                } catch {
                    // Cancelled, or the API has ended: nothing more to do.
                    break
                }
            }
            return counts
        }
    }

    /// Ends it.
    func stop() async -> Counts {
        work.cancel()
        return await work.value
    }
}
