import ClusterModel
import Settings

/// One field of a task or a job, with its place, and the checks that give it its type.
struct Field {
    let key: String
    let value: FieldValue
    /// Such as `tasks.jsonl, line 3`.
    let place: String
    /// Where names of files begin that it holds; nil: in the current folder.
    var folder: String?

    func text() throws -> String {
        guard case .string(let text) = value else { throw wrong("must be text") }
        return text
    }

    /// Text of at most ``Limits/nameBytes``.
    func name() throws -> String {
        let name = try text()
        guard name.utf8.count <= Limits.nameBytes else {
            throw wrong("is \(name.utf8.count) bytes, the limit is \(Limits.nameBytes)")
        }
        return name
    }

    func priority() throws -> Priority {
        switch value {
        case .integer(let number):
            if let priority = Priority(rawValue: Int(number)) { return priority }
        case .string(let text):
            if let priority = Priority(text) { return priority }
        default: break
        }
        throw wrong(Self.priorityRule)
    }

    static let priorityRule = "must be 0 to 9 or \(Priority.names.map(\.name).joined(separator: ", "))"

    /// Seconds as a number, or a text with a unit.
    func duration() throws -> Milliseconds {
        switch value {
        case .integer(let seconds):
            if let length = TimeLength(seconds: Double(seconds)) { return length.milliseconds }
        case .double(let seconds):
            if let length = TimeLength(seconds: seconds) { return length.milliseconds }
        case .string(let text):
            if let length = TimeLength(text) { return length.milliseconds }
        default: break
        }
        throw wrong(TimeLength.rule)
    }

    /// A whole number from 1.
    func count() throws -> UInt32 {
        guard case .integer(let number) = value, number >= 1, number <= Int64(Int32.max) else {
            throw wrong("must be a whole number from 1")
        }
        return UInt32(number)
    }

    func microUSD() throws -> UInt64 {
        switch value {
        case .integer(let dollars):
            if let money = Dollars(Double(dollars)) { return money.microUSD }
        case .double(let dollars):
            if let money = Dollars(dollars) { return money.microUSD }
        default: break
        }
        throw wrong(Dollars.rule)
    }

    /// A count of tokens from 1, as a number or with a unit.
    func tokenCount() throws -> UInt64 {
        let count: Int64? =
            switch value {
            case .integer(let number): number
            case .string(let text): Units.count(text)
            default: nil
            }
        guard let count, count >= 1, count <= 1_000_000_000_000_000 else {
            throw wrong("must be a number of tokens from 1, such as 250000, 500k or 2M")
        }
        return UInt64(count)
    }

    /// A list of texts, or one text with commas.
    func tools() throws -> [String] {
        switch value {
        case .string(let text): return ToolList.split(text)
        case .list(let values):
            return try values.map { value in
                guard case .string(let text) = value, !text.isEmpty else { throw wrong("must be a list of tool names") }
                return text
            }
        default: throw wrong("must be a list of tool names")
        }
    }

    func schema() throws -> String {
        guard case .object = value else { throw wrong("must be an object (a JSON Schema)") }
        return try Schema.checked(value, place: place)
    }

    func permissionMode() throws -> String {
        let mode = try text()
        guard PermissionModes.known.contains(mode) else { throw wrong(PermissionModes.rule) }
        return mode
    }

    func directory() throws -> String {
        let path = try text()
        guard path.hasPrefix("/") else { throw wrong("must be an absolute path: it is a folder on the agent's host") }
        return path
    }

    /// A flag is its own place; a field of a file is named beside it.
    func wrong(_ rule: String) -> UsageError {
        place.hasPrefix("--") ? UsageError("\(place) \(rule)") : UsageError(at: place, "\"\(key)\" \(rule)")
    }
}
