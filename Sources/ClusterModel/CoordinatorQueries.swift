/// What the coordinator answers to whoever shows it to people: HTTP now, other front ends later.
public protocol CoordinatorQueries: Sendable {
    /// Nil when it takes and hands out work; else the sentence that says why not.
    func notReadyBecause() async -> String?
}
