/// Bad input, told in one sentence that says where it stands: exit code 2.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let message: String

    init(_ message: String) { self.message = message }

    /// With the place that the sentence is about, such as `tasks.jsonl, line 3`.
    init(at place: String, _ message: String) { self.message = "\(place): \(message)" }

    var description: String { message }
}
