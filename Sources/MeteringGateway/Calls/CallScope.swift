import HTTPTypes

/// What a call to Jira or GitHub changes, as far as the service limits that by itself: read from its method and path.
enum CallScope {
    /// What follows `issue` in a path and is no issue.
    private static let mostCharacters = 64
    /// Last parts of paths whose POST creates what others are notified of (GitHub: "content-generating requests").
    private static let contents: Set<Substring> = [
        "issues", "comments", "pulls", "reviews", "replies", "releases", "gists", "discussions", "dispatches",
    ]

    /// Jira: the issue that a call changes, by key or number, in upper case; empty: it changes none by itself.
    static func issue(_ route: CallRoute, method: HTTPRequest.Method) -> String {
        guard route.service == "jira", route.endpoint == "write" else { return "" }
        let parts = path(route)
        guard let place = parts.firstIndex(where: { $0 == "issue" }), place + 1 < parts.count else { return "" }
        let name = parts[place + 1]
        return isIssue(name) ? name.uppercased() : ""
    }

    /// GitHub: whether a call creates content.
    static func createsContent(_ route: CallRoute, method: HTTPRequest.Method) -> Bool {
        guard route.service == "github", method == .post, let last = path(route).last else { return false }
        return contents.contains(last)
    }

    private static func path(_ route: CallRoute) -> [Substring] {
        let end = route.target.firstIndex { $0 == "?" || $0 == "#" } ?? route.target.endIndex
        return route.target[..<end].split(separator: "/")
    }

    /// `PROJ-12`, or the number alone.
    private static func isIssue(_ name: Substring) -> Bool {
        guard name.utf8.count <= mostCharacters, let number = name.split(separator: "-").last,
            !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        let project = name.utf8.dropLast(number.utf8.count)
        return project.isEmpty || (project.last == 0x2D && project.count > 1)
    }
}
