import ClusterModel
import Foundation

/// ``TaskOptions`` as they rest in the store: JSON, in which what is at its default is left out, so that old rows stay readable.
struct StoredOptions: Codable {
    struct Rule: Codable {
        var key: String
        var value: String?
    }

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
    var needs: [Rule]?
    var avoids: [Rule]?
    var expiresAfterMilliseconds: Int64?
    var onLost: String?
    var onError: String?
    var command: [String]?
    var promptOnStandardInput: Bool?
    var environment: [String]?
    var outputBytes: UInt32?
    var cli: StoredCLIOptions?
    var workspace: StoredWorkspace.Spec?

    init(_ options: TaskOptions) {
        priority = Int(options.priority.rawValue)
        runner = options.runner
        model = Self.present(options.model)
        permissionMode = Self.present(options.permissionMode)
        allowedTools = Self.present(options.allowedTools)
        disallowedTools = Self.present(options.disallowedTools)
        directory = Self.present(options.directory)
        timeoutMilliseconds = options.timeout == 0 ? nil : options.timeout.rawValue
        maxTurns = options.maxTurns == 0 ? nil : options.maxTurns
        budgetMicroUSD = options.budgetMicroUSD == 0 ? nil : options.budgetMicroUSD
        schema = Self.present(options.schemaJSON)
        maxAttempts = options.maxAttempts == 0 ? nil : options.maxAttempts
        needs = Self.present(options.needs.map { Rule(key: $0.key, value: $0.value) })
        avoids = Self.present(options.avoids.map { Rule(key: $0.key, value: $0.value) })
        expiresAfterMilliseconds = options.expiresAfter == 0 ? nil : options.expiresAfter.rawValue
        onLost = options.onLost == .rerun ? nil : options.onLost.rawValue
        onError = options.onError == .hold ? nil : options.onError.rawValue
        command = Self.present(options.command)
        promptOnStandardInput = options.promptOnStandardInput ? true : nil
        environment = Self.present(options.environment)
        outputBytes = options.outputBytes == 0 ? nil : options.outputBytes
        cli = options.cli.isEmpty ? nil : StoredCLIOptions(options.cli)
        workspace = options.workspace.map(StoredWorkspace.Spec.init)
    }

    private static func present<C: Collection>(_ value: C) -> C? { value.isEmpty ? nil : value }

    private static func rules(_ stored: [Rule]?) -> [LabelRule] {
        (stored ?? []).map { LabelRule(key: $0.key, value: $0.value) }
    }

    /// Words of a newer version read as the default.
    var options: TaskOptions {
        TaskOptions(
            priority: Priority(rawValue: priority) ?? .normal, runner: runner, model: model ?? "",
            permissionMode: permissionMode ?? "", allowedTools: allowedTools ?? [],
            disallowedTools: disallowedTools ?? [],
            directory: directory ?? "", timeout: Milliseconds(timeoutMilliseconds ?? 0), maxTurns: maxTurns ?? 0,
            budgetMicroUSD: budgetMicroUSD ?? 0, schemaJSON: schema ?? "", maxAttempts: maxAttempts ?? 0,
            needs: Self.rules(needs), avoids: Self.rules(avoids),
            expiresAfter: Milliseconds(expiresAfterMilliseconds ?? 0), onLost: onLost.flatMap(OnLost.init) ?? .rerun,
            onError: onError.flatMap(OnError.init) ?? .hold, command: command ?? [],
            promptOnStandardInput: promptOnStandardInput ?? false, environment: environment ?? [],
            outputBytes: outputBytes ?? 0, cli: cli?.options ?? CLIOptions(), workspace: workspace?.workspace)
    }

    /// As it rests.
    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
