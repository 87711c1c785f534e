import ArgumentParser
import CoordinatorClient
import Settings

/// What the process's exit code says to a script.
struct ExitStatus: Error, Hashable {
    let code: Int32

    static let success = ExitStatus(code: 0)
    /// A task failed, was cancelled, skipped, or expired.
    static let someFailed = ExitStatus(code: 1)
    /// The command line, a file or a number in it was wrong.
    static let usage = ExitStatus(code: 2)
    static let timedOut = ExitStatus(code: 3)
    /// No coordinator answered, or none that speaks this version's protocol.
    static let noCoordinator = ExitStatus(code: 4)
    /// The coordinator refused, or something on this machine went wrong.
    static let failure = ExitStatus(code: 5)
    static let interrupted = ExitStatus(code: 130)
    /// The reader of the output left: what a program without a handler for SIGPIPE ends with.
    static let readerLeft = ExitStatus(code: 141)

    static let help = """
        Exit codes: 0 all succeeded, 1 some failed, 2 wrong usage or input, 3 timed out, 4 no coordinator, \
        5 refused or another failure, 130 interrupted.
        """

    /// What an error means to a script.
    static func of(_ error: any Error) -> ExitStatus {
        switch error {
        case let status as ExitStatus: status
        case is UsageError, is SettingsError: .usage
        case is CoordinatorUnreachable: .noCoordinator
        case let failure as CoordinatorFailure: of(failure.code)
        case let interrupted as SubmitInterrupted: of(interrupted.cause)
        case let failure as OutputFailure: failure.readerLeft ? .readerLeft : .failure
        default: .failure
        }
    }

    private static func of(_ code: FailureCode) -> ExitStatus {
        switch code {
        case .protocol: .noCoordinator
        case .invalid, .unknownJob, .unknownTask, .unknownQuota: .usage
        default: .failure
        }
    }

    /// The sentence for a person; nil when the code says it all.
    static func sentence(_ error: any Error) -> String? {
        switch error {
        case is ExitStatus, is CancellationError: nil
        case let failure as OutputFailure where failure.readerLeft: nil
        default: "\(error)"
        }
    }
}
