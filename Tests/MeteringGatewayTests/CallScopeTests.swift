import HTTPTypes
import Testing

@testable import MeteringGateway

@Suite struct CallScopeTests {
    @Test(
        arguments: [
            (.put, "/i/w/up/jira/rest/api/3/issue/proj-12", "PROJ-12"),
            (.post, "/i/w/up/jira/rest/api/3/issue/PROJ-12/comment?x=1", "PROJ-12"),
            (.post, "/i/w/up/jira/rest/api/3/issue/10042/transitions", "10042"),
            (.get, "/i/w/up/jira/rest/api/3/issue/PROJ-12", ""), (.post, "/i/w/up/jira/rest/api/3/issue", ""),
            (.post, "/i/w/up/jira/rest/api/3/issue/bulk", ""), (.post, "/i/w/up/jira/rest/api/3/search/jql", ""),
            (.put, "/i/w/up/jira/rest/api/3/issue/-12", ""), (.put, "/i/w/up/jira/rest/api/3/issue/A-", ""),
            (.put, "/i/w/up/other/rest/api/3/issue/A-1", ""),
        ] as [(HTTPRequest.Method, String, String)])
    func namesTheIssue(method: HTTPRequest.Method, path: String, issue: String) throws {
        let route = try #require(CallRoute(method: method, path: path))
        #expect(CallScope.issue(route, method: method) == issue)
    }

    @Test(
        arguments: [
            (.post, "/i/w/up/github/repos/o/r/issues", true),
            (.post, "/i/w/up/github/repos/o/r/issues/5/comments", true),
            (.post, "/i/w/up/github/repos/o/r/pulls?x", true), (.post, "/i/w/up/github/graphql", false),
            (.patch, "/i/w/up/github/repos/o/r/issues/5", false), (.get, "/i/w/up/github/repos/o/r/issues", false),
            (.post, "/i/w/up/github/repos/o/r/git/blobs", false), (.post, "/i/w/up/jira/repos/o/r/issues", false),
        ] as [(HTTPRequest.Method, String, Bool)])
    func knowsWhatCreatesContent(method: HTTPRequest.Method, path: String, creates: Bool) throws {
        let route = try #require(CallRoute(method: method, path: path))
        #expect(CallScope.createsContent(route, method: method) == creates)
    }

    @Test func readsWhichLimitJiraMeans() {
        let values = ["ratelimit-reason": "jira-per-issue-on-write", "retry-after": "5"]
        let words = LimitHeaders(now: .init(milliseconds: 0)) { values[$0] }.words(service: "jira")
        #expect(words == [ServiceWord(limit: "issue_writes", remaining: 0, fullIn: .seconds(5))])
    }
}
