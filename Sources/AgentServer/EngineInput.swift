import AgentOutbox
import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import Workspaces

/// Everything that happens to an agent, in one line: the engine takes one after the other.
enum EngineInput: Sendable {
    // The connection.
    case connected
    case disconnected
    case handshakeFailed(String)
    case message(Ccorchestrator_V1_CoordinatorMessage)
    case unreadableMessage

    // Instances.
    case instanceStarted(InstanceID, ClaudeInstance)
    case startFailed(InstanceID, StartFailure)
    case turnEnded(InstanceID, AttemptToken, TurnOutcome)
    /// The conversation of a turn that has ended was copied, or not.
    case transcriptKept(InstanceID, AttemptToken, Result<BlobRef, Transcripts.Failure>)
    case cleared(InstanceID, succeeded: Bool)
    case instanceEnded(InstanceID)
    case instanceStopped(InstanceID)

    // Calls to metered services.
    /// There is something for the coordinator.
    case permitsChanged
    case callHeld(InstanceID)
    case callReleased(InstanceID)

    // Commands.
    case execEnded(AttemptToken, AgentEngine.ExecOutcome)
    /// Results have been gathered for as long as they may.
    case gathered

    // Worktrees.
    case baseCame(AttemptToken, String)
    case baseFailed(AttemptToken, WorkspaceError)
    /// What a task did to its worktree, just before its turn's or command's end is told.
    case workspaceCollected(
        AttemptToken, Result<Ccorchestrator_V1_WorkspaceOutcome, WorkspaceError>, hasStragglers: Bool)

    // Contents and results.
    case promptCame(AttemptToken, String)
    case promptFailed(AttemptToken, String)
    /// What was given to the outbox together is on disk together.
    case durable([OutboxEntry])
    case uploaded(AttemptToken, Ccorchestrator_V1_AttemptResult)
    case uploadFailed(AttemptToken, String)
    /// Whether the outbox takes results has changed; the reason is asked for, since two threads say this.
    case outboxHold

    // Time and people.
    case poolWake
    case tick
    case drain
    case stopNow
}

/// What came of giving an instance a prompt.
enum TurnOutcome: Sendable {
    case ending(TurnEnding)
    /// The CLI would not take the task's model or permission mode.
    case settingsRefused(String)
    /// There was no worktree for it, so it was not given the prompt.
    case noWorktree(WorkspaceError)
    /// The instance broke before it was given the prompt: the task has no part in it.
    case neverBegan(InstanceFailure)
}
