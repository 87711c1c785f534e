import ClaudeProcess
import ClusterModel
import ClusterWire
import Workspaces

/// An attempt that this agent has accepted and whose result is not on disk yet.
struct AttemptRecord {
    var token: AttemptToken
    var options: TaskOptions
    var prompt: String
    var arrivedAt: WallTime
    var startedAt: WallTime?
    /// Its large prompt is still on its way: the pool doesn't know of it.
    var isFetching = false
    /// What it is a turn of; nil: it stands alone.
    var conversation: Conversation?
    /// Its conversation as the turn left it, copied to ``Transcripts``.
    var head: ConversationHead?
    /// Why that could not be kept, although it must be.
    var keepFailure: TaskFailure?
    var outcome: TurnOutcome?
    /// The commit that its worktree is set to; empty: it has none.
    var base = ""
    /// What it did to its worktree, once it was looked at.
    var workspace: Ccorchestrator_V1_WorkspaceOutcome?
    /// Why that could not be taken.
    var workspaceTrouble: WorkspaceError?
    /// Processes of its tools live on beside its instance, and might write into the next task's worktree.
    var leavesProcesses = false
    /// It met a 403 that others have not met: see ``AgentEngine/forbiddenInARow``.
    var forbiddenIsOwn = false

    init(token: AttemptToken, options: TaskOptions, prompt: String, arrivedAt: WallTime) {
        self.token = token
        self.options = options
        self.prompt = prompt
        self.arrivedAt = arrivedAt
    }
}

/// A verdict on a turn, and what its instance said with it.
struct Judgement {
    var state: TaskState
    var failure: TaskFailure?
    var result: TurnResult?
    var instanceIsSound: Bool

    /// - Parameter forbiddenIsOwn: a 403 is this task's own trouble (a model, a filter), not the credential's.
    init(_ outcome: TurnOutcome, options: TaskOptions, forbiddenIsOwn: Bool) {
        switch outcome {
        case .settingsRefused(let sentence):
            // A model that does not exist is told by the next instance, which is launched with it; an API that was busy at this moment is
            // not the task's fault.
            state = .failed
            failure = TaskFailure(.transient, sentence)
            instanceIsSound = false
        case .noWorktree(let error):
            state = .failed
            failure = error.failure("the task's worktree could not be made")
            instanceIsSound = true
        case .neverBegan(let broken):
            state = .failed
            failure = TaskFailure(
                .agentLeft, "the instance broke before the task began: \(broken.message)", detail: broken.detail)
            instanceIsSound = false
        case .ending(let ending):
            (state, failure) = Verdict.judge(
                ending, schemaAsked: !options.schemaJSON.isEmpty, timedOut: false, cancelled: false)
            if case .result(let said) = ending {
                result = said
                instanceIsSound = said.subtype != "error_during_execution"
                if forbiddenIsOwn, said.apiErrorStatus == 403, let told = failure {
                    failure = TaskFailure(.transient, told.message, detail: told.detail)
                }
            } else {
                instanceIsSound = false
            }
        }
    }

    var credentialRefused: Bool { failure?.known == .auth }
}

/// What an attempt brought, whatever ran it.
struct AttemptOutput {
    var answer: Content?
    var structured: Content?
    var usage = Usage()
    var costMicroUSD: UInt64 = 0
    var sessionID = ""

    init(answer: String? = nil) { self.answer = answer.map(Content.text) }

    init(_ result: TurnResult?) {
        guard let result else { return }
        // An API's error message is no answer: the failure tells it.
        answer = result.isError ? nil : result.resultText.map(Content.text)
        structured = result.structuredJSON.map(Content.text)
        usage = result.usage
        costMicroUSD = result.costMicroUSD
        sessionID = result.sessionID
    }
}
