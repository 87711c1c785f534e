import ClusterModel
import GuardedProcess

/// How a command ended and what it wrote.
public struct ExecEnd: Sendable {
    /// What ended it.
    public enum Cause: Hashable, Sendable {
        /// The guard's word on the program.
        case program(GuardReport)
        /// It ran into its time limit.
        case timedOut
        /// It was told to end.
        case terminated
        /// The guard could not be run, or went without a word; in a sentence.
        case broken(String)
    }

    /// What ended it.
    public var cause: Cause
    /// The beginning of standard output, with a line about the cut if there was one.
    public var output: String
    /// The end of what it wrote, standard error last, at most 64 KiB: for a failure's detail.
    public var detail: String

    init(_ plan: ExecPlan, _ cause: Cause, output: HeadBuffer, errors: ArraySlice<UInt8>) {
        self.cause = cause
        let note = "[output cut at \(plan.outputBytes) bytes]"
        var text = output.text
        var said: [UInt8] = Array(text.utf8.suffix(Limits.failureDetailBytes))
        if output.isCut {
            if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
            text += note
            said += Array(("\n" + note).utf8)
        }
        self.output = text
        if !said.isEmpty, !errors.isEmpty, said.last != UInt8(ascii: "\n") { said.append(UInt8(ascii: "\n")) }
        said += errors
        // From a character's first byte on: a torn one would grow when it is replaced.
        detail = String(decoding: said.suffix(Limits.failureDetailBytes).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
    }

    /// Succeeded with its output, or why not.
    ///
    /// - Parameter timeout: The one that it had, for the sentence.
    public func judge(timeout: Milliseconds, program: String) -> (
        state: TaskState, answer: String?, failure: TaskFailure?
    ) {
        func failed(_ errorClass: ErrorClass, _ sentence: String) -> (TaskState, String?, TaskFailure?) {
            (.failed, nil, TaskFailure(errorClass, sentence, detail: detail))
        }
        switch cause {
        case .program(.exited(0)): return (.succeeded, output, nil)
        case .program(.exited(let code)): return failed(.transient, "the command ended with exit code \(code)")
        case .program(.signalled(let signal)): return failed(.crash, "the command was ended by signal \(signal)")
        case .program(.cannotRun(let words)):
            return failed(.permanent, "the program \(program) cannot be run on this agent: \(words)")
        case .program(.cannotEnter(let words)):
            return failed(.crash, "the command's directory cannot be entered on this agent: \(words)")
        case .program(.stuck): return failed(.crash, "processes of the command could not be killed within 10 s")
        case .timedOut:
            return failed(.timeout, "the command ran longer than its timeout of \(timeout.rawValue) ms")
        case .terminated:
            return (.cancelled, nil, TaskFailure(.cancelled, "the task was cancelled", detail: detail))
        case .broken(let sentence): return failed(.crash, sentence)
        }
    }
}
