import ClusterModel
import Foundation

/// ``TaskOptions`` as they rest in the store: JSON, in which what is at its default is left out, so that old rows stay readable.
struct StoredOptions: Codable {
    var priority: Int
    var runner: String
    var model: String?
    var permissionMode: String?
    var allowedTools: [String]?
    var disallowedTools: [String]?
    var directory: String?
    var timeoutMilliseconds: Int64?
    var maxTurns: UInt32?
    var budgetMicroUSD: UInt64?
    var schema: String?
    var maxAttempts: UInt32?

    init(_ options: TaskOptions) {
        priority = Int(options.priority.rawValue)
        runner = options.runner
        model = options.model.isEmpty ? nil : options.model
        permissionMode = options.permissionMode.isEmpty ? nil : options.permissionMode
        allowedTools = options.allowedTools.isEmpty ? nil : options.allowedTools
        disallowedTools = options.disallowedTools.isEmpty ? nil : options.disallowedTools
        directory = options.directory.isEmpty ? nil : options.directory
        timeoutMilliseconds = options.timeout == 0 ? nil : options.timeout.rawValue
        maxTurns = options.maxTurns == 0 ? nil : options.maxTurns
        budgetMicroUSD = options.budgetMicroUSD == 0 ? nil : options.budgetMicroUSD
        schema = options.schemaJSON.isEmpty ? nil : options.schemaJSON
        maxAttempts = options.maxAttempts == 0 ? nil : options.maxAttempts
    }

    var options: TaskOptions {
        TaskOptions(
            priority: Priority(rawValue: priority) ?? .normal, runner: runner, model: model ?? "",
            permissionMode: permissionMode ?? "", allowedTools: allowedTools ?? [],
            disallowedTools: disallowedTools ?? [],
            directory: directory ?? "", timeout: Milliseconds(timeoutMilliseconds ?? 0), maxTurns: maxTurns ?? 0,
            budgetMicroUSD: budgetMicroUSD ?? 0, schemaJSON: schema ?? "", maxAttempts: maxAttempts ?? 0)
    }
}
