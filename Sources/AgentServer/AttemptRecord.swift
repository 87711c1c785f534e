import ClaudeProcess
import ClusterModel

/// An attempt that this agent has accepted and whose result is not on disk yet.
struct AttemptRecord {
    var token: AttemptToken
    var options: TaskOptions
    var prompt: String
    var arrivedAt: WallTime
    var startedAt: WallTime?
    /// Its large prompt is still on its way: the pool doesn't know of it.
    var isFetching = false
    var outcome: TurnOutcome?

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

    init(_ outcome: TurnOutcome, options: TaskOptions) {
        switch outcome {
        case .settingsRefused(let sentence):
            state = .failed
            failure = TaskFailure(.permanent, sentence)
            instanceIsSound = false
        case .ending(let ending):
            (state, failure) = Verdict.judge(
                ending, schemaAsked: !options.schemaJSON.isEmpty, timedOut: false, cancelled: false)
            if case .result(let said) = ending {
                result = said
                instanceIsSound = said.subtype != "error_during_execution"
            } else {
                instanceIsSound = false
            }
        }
    }

    var credentialRefused: Bool { failure?.known == .auth }
}
