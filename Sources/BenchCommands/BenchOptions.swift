import ArgumentParser
import Foundation

/// What every measurement takes.
struct BenchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of cc-coordinator and cc-agent. Default: that of this program.", valueName: "dir"))
    var programs: String?

    @Option(
        help: ArgumentHelp(
            "Where the scratch folder is made: on the disk to measure. Default: $TMPDIR or /tmp.", valueName: "dir"))
    var directory: String?

    /// The setting of this name, of coordinator and agent.
    enum Durability: String, ExpressibleByArgument, CaseIterable { case full, normal, off }

    @Option(help: "How hard writes are pressed onto the disk: full, normal or off.") var durability = Durability.full

    /// Absolute.
    var scratchParent: String {
        URL(fileURLWithPath: directory ?? ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp").path
    }

    func programsFolder() throws -> String {
        if let programs { return URL(fileURLWithPath: programs).path }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own).deletingLastPathComponent().path
    }
}

/// Checks a number of the command line.
func check(_ name: String, _ number: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(number) else {
        throw ValidationError(
            "--\(name) is a number from \(range.lowerBound) to \(range.upperBound), found \(number)")
    }
}
