/// The sizes that hold everywhere. A limit that a user may change is in the settings; these are part of the protocol.
public enum Limits {
    /// Content above this travels and rests as a blob.
    public static let inlineContentBytes = 64 * 1024
    /// The largest frame on the loop's endpoints.
    public static let frameBytes = 1024 * 1024
    /// What a sender fills a frame to: the rest is room for the envelope.
    public static let frameFillBytes = 768 * 1024
    /// A blob travels in pieces of this size.
    public static let blobChunkBytes = 256 * 1024
    /// The largest blob.
    public static let blobBytes = 64 * 1024 * 1024
    /// The largest prompt: what a Claude model can read is far below it (1,000,000 tokens of 4 bytes).
    public static let promptBytes = 8 * 1024 * 1024
    /// The largest answer kept; a longer one fails its attempt in words.
    public static let answerBytes = 64 * 1024 * 1024
    /// Labels of one agent.
    public static let labelsPerAgent = 64
    /// A reason in words that travels.
    public static let sentenceCharacters = 4096
    /// Names of jobs, tasks, agents.
    public static let nameBytes = 256
    /// The end of an instance's stream and standard error that a failure keeps.
    public static let failureDetailBytes = 64 * 1024
    /// The line that a template was filled with, as it is kept for the result.
    public static let inputBytes = 4096
    /// A JSON Schema.
    public static let schemaBytes = 64 * 1024
    /// Tasks of one submit batch, assignment frame or page of a query.
    public static let tasksPerMessage = 1000
    /// Rows in a job's table of options.
    public static let optionsPerJob = 4096
    /// Tasks of one job.
    public static let tasksPerJob = 5_000_000
    /// Tasks that one task may wait for.
    public static let linksPerTask = 1000
    /// Jobs that one job may wait for.
    public static let linksPerJob = 100
    /// Tasks of a job that waits for tasks that come later in it: a cycle is looked for in every batch.
    public static let tasksWithForwardLinks = 100_000
    /// A context's name.
    public static let contextBytes = 256
    /// The largest transcript of a conversation that can be kept; a turn that makes it longer fails in words.
    public static let transcriptBytes = 64 * 1024 * 1024
    /// The CLI's name for a conversation, a UUID where it chose it itself.
    public static let sessionBytes = 64
    /// Labels that a task may need, and those that it may avoid.
    public static let labelRules = 32
    /// Different sets of runner, needed and avoided labels over all jobs.
    public static let requirementKinds = 1000
    /// Program and arguments of an exec task, and its environment, together.
    public static let commandBytes = 32 * 1024
    /// One of the CLI's options, such as a system prompt or an MCP configuration: half of what the system takes as an argument.
    public static let cliTextBytes = 64 * 1024
    /// The CLI's options of one task together.
    public static let cliOptionsBytes = 256 * 1024
    /// Folders beside the working directory that a task may name.
    public static let cliDirectories = 64
    /// Different events and reasons that an agent counts of its instances.
    public static let instanceCounts = 64
    /// A repository's URL or path.
    public static let repositoryBytes = 1024
    /// Globs of one task's artifacts.
    public static let artifactGlobs = 32
    /// Files kept with one result.
    public static let artifacts = 64
    /// Those files together.
    public static let artifactBytes = 32 * 1024 * 1024
    /// One task's patch.
    public static let patchBytes = 16 * 1024 * 1024
    /// Changed files that a result names.
    public static let changesListed = 1000
    /// The bytes of their paths together.
    public static let changesListedBytes = 64 * 1024
    /// Tasks that one control request names.
    public static let tasksPerControl = 10_000
}
