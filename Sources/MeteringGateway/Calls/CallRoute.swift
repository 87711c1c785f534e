import HTTPTypes

/// Where a request's path leads: `/i/WORD/REST` to Claude's API, `/i/WORD/up/NAME/REST` to the upstream of that name.
struct CallRoute: Hashable, Sendable {
    /// Names the instance.
    let pathWord: Substring
    /// `claude`, or the upstream's name.
    let service: String
    /// How the call is metered.
    let endpoint: String
    /// Path and query behind the upstream's base URL, with a slash at its begin.
    let target: String

    /// Calls that are no calls of a model.
    static let otherEndpoint = "other"
    static let messagesEndpoint = "messages"
    static let countEndpoint = "count_tokens"

    /// Nil: the path leads nowhere.
    init?(method: HTTPRequest.Method, path: String) {
        // A tunnel or an echo is no call of an API.
        guard method != .connect, method != .trace else { return nil }
        let query = path.firstIndex { $0 == "?" || $0 == "#" } ?? path.endIndex
        let segments = path[..<query].split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 3, segments[0].isEmpty, segments[1] == "i", !segments[2].isEmpty,
            !segments.contains(where: Self.leavesItsPlace)
        else { return nil }
        pathWord = segments[2]
        var rest = segments[2].endIndex
        if segments.count >= 5, segments[3] == "up" {
            guard !segments[4].isEmpty, segments[4] != MeteredService.claude else { return nil }
            service = String(segments[4])
            endpoint = [.get, .head, .options].contains(method) ? "read" : "write"
            rest = segments[4].endIndex
        } else {
            service = MeteredService.claude
            endpoint = Self.claudeEndpoint(method, segments[3...])
        }
        let tail = path[rest...]
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    private static func claudeEndpoint(_ method: HTTPRequest.Method, _ segments: ArraySlice<Substring>) -> String {
        guard method == .post else { return otherEndpoint }
        if segments.suffix(2) == ["v1", "messages"] { return messagesEndpoint }
        return segments.suffix(3) == ["v1", "messages", "count_tokens"] ? countEndpoint : otherEndpoint
    }

    /// `.` and `..`, plain or in percents, could lead out of the upstream's base path.
    private static func leavesItsPlace(_ segment: Substring) -> Bool {
        guard segment.utf8.count <= 6 else { return false }
        let plain = segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false).joined(
            separator: ".")
        return plain == "." || plain == ".."
    }
}
