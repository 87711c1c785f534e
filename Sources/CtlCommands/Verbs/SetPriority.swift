import ArgumentParser
import ClusterModel
import CoordinatorClient

struct SetPriority: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "priority", abstract: "Gives jobs or tasks that have not ended another priority.",
        usage: "ccctl priority [<flags>] <what> ... <priority>")

    @OptionGroup var global: GlobalOptions

    @Argument(
        help: ArgumentHelp(
            ControlOrders.help + " The last word is the priority: critical, high, normal, low, bulk, or 0 to 9.",
            valueName: "what-and-priority"))
    var words: [String]

    /// What is meant, and the priority.
    func order() throws -> (what: [String], priority: Priority) {
        guard words.count > 1, let last = words.last else {
            throw UsageError("name jobs or tasks, and then their priority, as in priority 7 high")
        }
        guard let priority = Priority(last) else { throw UsageError("\"\(last)\": a priority \(Field.priorityRule)") }
        return (words.dropLast(), priority)
    }

    func run() async throws {
        let (what, priority) = try order()
        try await ControlOrders.perform(
            "priority", on: what, global, sentence: { "\(CountText.tasks($0)) with priority \(priority)" }
        ) { client, target in try await client.prioritize(target, priority) }
    }
}
