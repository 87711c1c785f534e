import ClusterModel
import CoordinatorClient
import Settings

/// A verb's connection to the coordinator and the way it prints.
struct CtlSession: Sendable {
    let settings: ControlSettings
    let client: CoordinatorClient

    var format: OutputFormat { settings.output }

    /// How long the coordinator may take to copy or forget much.
    static let longWork = Duration.seconds(24 * 3600)

    /// Runs `body` with a connection and ends that after it.
    /// - Parameter firstRepeat: When a request without an answer is sent again; nil: soon.
    static func with<Value: Sendable>(
        _ options: GlobalOptions, answerTimeout: Duration? = .seconds(60), connectTimeout: Duration? = nil,
        firstRepeat: Duration? = nil,
        _ body: (CtlSession) async throws -> Value
    ) async throws -> Value {
        let settings = try options.settings()
        var limits = ClientLimits(
            connectTimeout: connectTimeout ?? .milliseconds(settings.connectTimeout.rawValue),
            answerTimeout: answerTimeout)
        if let firstRepeat { limits.firstRepeat = firstRepeat }
        let client = try CoordinatorClient.connected(
            to: settings.coordinator.description, keyFile: settings.keyFile, secretFile: settings.secretFile,
            limits: limits)
        do {
            let value = try await body(CtlSession(settings: settings, client: client))
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }

    /// Prints one table, or a line of JSON for each object, or a line for each word.
    func print(
        _ columns: [Table.Column], rows: @autoclosure () -> [[String]], json: @autoclosure () -> [JSONObject],
        quiet: @autoclosure () -> [String]
    ) throws {
        var table = Table(columns, width: Terminal.width(1))
        try print(&table, rows: rows(), json: json(), quiet: quiet())
    }

    /// Prints a page of a table, the head with the first.
    func print(
        _ table: inout Table, rows: @autoclosure () -> [[String]], json: @autoclosure () -> [JSONObject],
        quiet: @autoclosure () -> [String]
    ) throws {
        var output = StandardOutput()
        switch format {
        case .table:
            for line in table.lines(rows()) { try output.line(line) }
        case .json: for object in json() { try output.line(object.line) }
        case .quiet: for word in quiet() { try output.line(SafeText.oneLine(word)) }
        }
        try output.flush()
    }

    /// Prints one sentence, one JSON object or one word.
    func print(_ sentence: String, json: JSONObject, quiet: String?) throws {
        var output = StandardOutput()
        switch format {
        case .table: try output.line(SafeText.oneLine(sentence))
        case .json: try output.line(json.line)
        case .quiet: if let quiet { try output.line(quiet) }
        }
        try output.flush()
    }
}
