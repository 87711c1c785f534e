/// A measurement that could not be made.
struct BenchError: Error, CustomStringConvertible {
    /// A sentence: what was wrong, where, and what to do.
    let description: String

    init(_ description: String) { self.description = description }
}
