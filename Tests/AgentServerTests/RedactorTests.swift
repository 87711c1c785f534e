import ClusterModel
import Testing

@testable import AgentServer

@Suite("What the host keeps to itself")
struct RedactorTests {
    private let redactor = Redactor(environment: [
        "ANTHROPIC_API_KEY": "sk-planted-0123", "ANTHROPIC_AUTH_TOKEN": "sk-planted-0123-longer",
        "JIRA_AUTHORIZATION": "Basic cGxhbnRlZA==", "CLAUDE_CODE_OAUTH_TOKEN": "short", "PATH": "/usr/bin:/bin",
    ])

    @Test("Planted secrets are gone from texts, wherever they stand, and nothing else is")
    func texts() {
        #expect(
            redactor.clean("a sk-planted-0123-longer b sk-planted-0123 Basic cGxhbnRlZA== cGxhbnRlZA==sk-planted-0123")
                == "a [redacted] b [redacted] [redacted] [redacted][redacted]")
        let innocent = "short /usr/bin:/bin sk-planted"
        #expect(redactor.clean(innocent) == innocent)
        #expect(Redactor(environment: [:]).clean("sk-planted-0123") == "sk-planted-0123")
    }

    @Test("A failure keeps its class and loses them from its message and its detail")
    func failures() {
        let clean = redactor.clean(TaskFailure(.crash, "with sk-planted-0123", detail: "{\"k\":\"sk-planted-0123\"}"))
        #expect(clean == TaskFailure(.crash, "with [redacted]", detail: "{\"k\":\"[redacted]\"}"))
    }
}
