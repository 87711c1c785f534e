// A stand-in for the Claude Code CLI in its long-lived mode, for tests with more instances than the real one's memory allows.
// It has no model: it answers by the script in the prompt (see Script.swift), and it knows no module of the product.

import Glibc

let arguments: Arguments
do {
    arguments = try Arguments(CommandLine.arguments.dropFirst())
} catch {
    StandardError.print(error.message)
    exit(1)
}
if arguments.showsVersion {
    Output.write("\(Simulator.version) (Claude Code)\n")
    exit(0)
}
guard var simulator = Simulator(arguments) else {
    StandardError.print("No conversation found with session ID: \(arguments.resume ?? "")")
    exit(1)
}
simulator.run()
