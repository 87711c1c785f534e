/// One at a time for each name, in the order of asking.
actor Turns {
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    func take<Value: Sendable>(_ name: String, _ body: @Sendable () async throws -> Value) async throws -> Value {
        await enter(name)
        do {
            let value = try await body()
            leave(name)
            return value
        } catch {
            leave(name)
            throw error
        }
    }

    private func enter(_ name: String) async {
        guard waiting[name] != nil else {
            waiting[name] = []
            return
        }
        await withCheckedContinuation { waiting[name, default: []].append($0) }
    }

    private func leave(_ name: String) {
        guard let next = waiting[name]?.first else {
            waiting[name] = nil
            return
        }
        waiting[name]?.removeFirst()
        next.resume()
    }
}
