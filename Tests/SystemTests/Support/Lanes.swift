import Testing

// The tests of a lane go one after the other; lanes go side by side, as many as two processors bear: most tests wait.

/// What a user does with ccctl.
@Suite(.serialized, .timeLimit(.minutes(2))) enum ControlLane {}

/// The coordinator, and what comes to its sockets.
@Suite(.serialized, .timeLimit(.minutes(2))) enum CoordinatorLane {}

/// The agent and its instances.
@Suite(.serialized, .timeLimit(.minutes(2))) enum AgentLane {}

/// The queue's verbs on work that runs, and the long scenes in short.
@Suite(.serialized, .timeLimit(.minutes(2))) enum QueueLane {}
