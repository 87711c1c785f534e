import ClusterModel
import GuardedProcess

/// One command, ready to be started: nothing of it is looked up any more.
public struct ExecPlan: Sendable {
    /// What stands for the prompt in a command.
    public static let placeholder = "{line}"

    /// The program, by a path, and its arguments. No shell reads them.
    public var command: [String]
    /// Goes to standard input, then end of file; nil: standard input is empty.
    public var input: String?
    /// The working directory; it must exist.
    public var directory: String
    /// The command's whole environment: see ``ExecEnvironment``.
    public var environment: [String: String]
    /// The first so many bytes of standard output are kept.
    public var outputBytes: Int
    /// Longer, and it is ended.
    public var timeout: Milliseconds
    /// The guard over it.
    public var launch: GuardLaunch

    /// The command of a task: `{line}` in it is replaced by `prompt`, and a bare program name is looked up in `searchPath`.
    ///
    /// - Parameter searchPath: The agent's own PATH: a task can't choose another program by bringing its own.
    /// - Throws: ``ExecRefusal`` when there is no such program, or the prompt can't be an argument.
    public init(
        options: TaskOptions, prompt: String, searchPath: String, directory: String, environment: [String: String],
        outputBytes: Int, timeout: Milliseconds, launch: GuardLaunch
    ) throws(ExecRefusal) {
        var words = options.command.map { Self.replacing($0, prompt) }
        guard let program = words.first, !program.isEmpty else { throw ExecRefusal("the command names no program") }
        words[0] = try Self.checked(program, searchPath)
        for (index, word) in words.enumerated() {
            if word.utf8.contains(0) {
                throw ExecRefusal(
                    "argument \(index) of the command holds a NUL byte, which no argument can: give the prompt on standard input"
                )
            }
            if word.utf8.count >= ExecLimits.argumentBytes {
                throw ExecRefusal(
                    "argument \(index) of the command has \(word.utf8.count) bytes, and the system takes less than \(ExecLimits.argumentBytes): give the prompt on standard input"
                )
            }
        }
        command = words
        input = options.promptOnStandardInput ? prompt : nil
        self.directory = directory
        self.environment = environment
        self.outputBytes = options.outputBytes > 0 ? Int(options.outputBytes) : outputBytes
        self.timeout = timeout
        self.launch = launch
    }

    private static func checked(_ program: String, _ searchPath: String) throws(ExecRefusal) -> String {
        guard !program.utf8.contains(UInt8(ascii: "/")) else { return program }
        guard let path = ProgramPath.find(program, in: searchPath) else {
            throw ExecRefusal("there is no program \(program.prefix(256)) in this agent's PATH")
        }
        return path
    }

    /// Every occurrence, once: what the prompt brings is not looked through again.
    static func replacing(_ word: String, _ prompt: String) -> String {
        let mark = Array(placeholder.utf8)
        let bytes = Array(word.utf8)
        guard bytes.count >= mark.count else { return word }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: mark) {
                result += prompt.utf8
                index += mark.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// A command that can't be run as it is; another attempt would not help.
public struct ExecRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}
