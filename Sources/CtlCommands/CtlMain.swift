import ArgumentParser
import Foundation
import UnixSignals

/// The command line from its words to its exit code.
public enum CtlMain {
    /// Carries out one command.
    /// - Parameter arguments: Without the program's name.
    /// - Returns: The exit code: `docs/CCCTL.md` lists them.
    public static func run(_ arguments: [String]) async -> Int32 {
        // A reader that leaves is told by write's own error.
        signal(SIGPIPE, SIG_IGN)
        do {
            try await perform(GlobalFlags.moveBehindVerb(arguments))
            return ExitStatus.success.code
        } catch {
            if let sentence = ExitStatus.sentence(error) { Note.say("ccctl: \(SafeText.oneLine(sentence))") }
            return ExitStatus.of(error).code
        }
    }

    private static func perform(_ arguments: [String]) async throws {
        var command = try parse(arguments)
        // `run` has processes to take leave of and looks after its signals itself.
        let watcher = command is Run ? nil : await exitOnInterrupt()
        defer { watcher?.cancel() }
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    /// - Throws: ``UsageError`` in one sentence; ``ExitStatus/success`` once help or version was printed.
    static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        do {
            var command = try CtlCommand.parseAsRoot(arguments)
            let kind = type(of: command)
            if !kind.configuration.subcommands.isEmpty { throw CleanExit.helpRequest(kind) }
            // What is no verb of ours is the parser's own help verb, which throws what it has to say.
            if !(command is any AsyncParsableCommand) { try command.run() }
            return command
        } catch {
            try printHelp(error)
            throw UsageError(sentence(error, arguments: arguments))
        }
    }

    /// Prints what was asked for with --help or --version.
    private static func printHelp(_ error: any Error) throws {
        guard CtlCommand.exitCode(for: error) == .success else { return }
        var output = StandardOutput()
        try output.line(CtlCommand.fullMessage(for: error))
        try output.flush()
        throw ExitStatus.success
    }

    private static func sentence(_ error: any Error, arguments: [String]) -> String {
        var sentence = CtlCommand.message(for: error).split(separator: "\n").first.map(String.init) ?? "wrong usage"
        if sentence.hasSuffix(".") { sentence.removeLast() }
        let verb = arguments.first.flatMap { word in
            CtlCommand.configuration.subcommands.contains { $0._commandName == word } ? " \(word)" : nil
        }
        return "\(sentence) (see ccctl\(verb ?? "") --help)"
    }

    /// Ends the process at once: no verb but `run` leaves anything behind that would need care.
    private static func exitOnInterrupt() async -> Task<Void, Never> {
        let signals = await UnixSignalsSequence(trapping: .sigint)
        return Task {
            for await _ in signals {
                if Terminal.isTerminal(2) { Note.say("") }
                exit(ExitStatus.interrupted.code)
            }
        }
    }
}
