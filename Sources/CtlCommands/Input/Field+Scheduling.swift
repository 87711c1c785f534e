import ClusterModel

/// Fields of commands, labels and links.
extension Field {
    func flag() throws -> Bool {
        guard case .bool(let flag) = value else { throw wrong("must be true or false") }
        return flag
    }

    /// One of a closed set of words.
    func choice<Choice: RawRepresentable & CaseIterable>() throws -> Choice where Choice.RawValue == String {
        if case .string(let text) = value, let choice = Choice(rawValue: text) { return choice }
        throw wrong("must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }

    func runner() throws -> String {
        let runner = try text()
        guard TaskFields.runners.contains(runner) else {
            throw wrong("must be one of \(TaskFields.runners.joined(separator: ", ")), not \"\(runner)\"")
        }
        return runner
    }

    /// Program and arguments.
    func command() throws -> [String] {
        let words = try texts("must be a list of a program and its arguments")
        guard let program = words.first, !program.isEmpty else { throw wrong("must begin with a program") }
        guard !words.contains(where: { $0.utf8.contains(0) }) else { throw wrong("must hold no NUL") }
        return words
    }

    /// `KEY=VALUE` each, or a mapping.
    func environment() throws -> [String] {
        let rule = "must be KEY=VALUE"
        if case .object(let members) = value {
            return try members.sorted { $0.key < $1.key }.map { key, value in
                guard case .string(let text) = value else {
                    throw wrong("must map names to texts: quote the value of \(key)")
                }
                return try pair("\(key)=\(text)", rule)
            }
        }
        return try texts(rule).map { try pair($0, rule) }
    }

    private func pair(_ text: String, _ rule: String) throws -> String {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex, !text.utf8.contains(0) else {
            throw wrong(rule)
        }
        return text
    }

    /// `key` or `key=value` each, or one of them.
    func labels() throws -> [LabelRule] {
        let rule = "must be labels such as gpu or gpu=a100"
        let rules = try texts(rule).map { text in
            guard text.utf8.count <= Limits.nameBytes, let label = LabelRule(text) else { throw wrong(rule) }
            return label
        }
        guard rules.count <= Limits.labelRules else {
            throw wrong("names \(rules.count) labels, the limit is \(Limits.labelRules)")
        }
        return rules
    }

    func context() throws -> String {
        let context = try text()
        guard !context.isEmpty, context.utf8.count <= Limits.contextBytes else {
            throw wrong("must be a name of 1 to \(Limits.contextBytes) bytes")
        }
        return context
    }

    /// Names or indexes of tasks, or mappings as `{task: x, on: end}`; one of them may stand without a list.
    func taskLinks() throws -> [NamedLink] {
        let links = try listed.map { value in
            let (target, condition) = try parts(value, key: "task")
            switch target {
            case .integer(let number):
                guard let index = UInt32(exactly: number) else { throw wrong(Self.taskLinkRule) }
                return NamedLink(target: .index(index), condition: condition)
            case .string(let name) where !name.isEmpty:
                return NamedLink(target: .name(name), condition: condition)
            default: throw wrong(Self.taskLinkRule)
            }
        }
        guard links.count <= Limits.linksPerTask else {
            throw wrong("names \(links.count) tasks, the limit is \(Limits.linksPerTask)")
        }
        return links
    }

    private static let taskLinkRule = "must be names or indexes of tasks, or {task: NAME, on: end}"

    /// Numbers of jobs, `12:end`, or mappings as `{job: 12, on: end}`.
    func jobLinks() throws -> [JobLink] {
        let links = try listed.map { value in
            let (target, condition) = try parts(value, key: "job")
            switch target {
            case .integer(let number):
                guard let job = UInt32(exactly: number), job > 0 else { throw wrong(Self.jobLinkRule) }
                return JobLink(job: JobID(rawValue: job), condition: condition)
            case .string(let text):
                let words = text.split(separator: ":", omittingEmptySubsequences: false)
                guard let job = UInt32(words[0]), job > 0, words.count <= 2 else { throw wrong(Self.jobLinkRule) }
                guard words.count == 2 else { return JobLink(job: JobID(rawValue: job), condition: condition) }
                guard let named = LinkCondition(rawValue: String(words[1])) else { throw wrong(Self.jobLinkRule) }
                return JobLink(job: JobID(rawValue: job), condition: named)
            default: throw wrong(Self.jobLinkRule)
            }
        }
        guard links.count <= Limits.linksPerJob else {
            throw wrong("names \(links.count) jobs, the limit is \(Limits.linksPerJob)")
        }
        return links
    }

    private static let jobLinkRule = "must be numbers of jobs such as 12, or 12:end"

    private var listed: [FieldValue] {
        if case .list(let values) = value { return values }
        return [value]
    }

    private func parts(_ value: FieldValue, key: String) throws -> (FieldValue, LinkCondition) {
        guard case .object(let members) = value else { return (value, .success) }
        guard let target = members[key], members.keys.allSatisfy({ $0 == key || $0 == "on" }) else {
            throw wrong("must be written as {\(key): …, on: end}")
        }
        guard let on = members["on"] else { return (target, .success) }
        guard case .string(let word) = on, let condition = LinkCondition(rawValue: word) else {
            throw wrong("can wait \"on\" \(LinkCondition.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        return (target, condition)
    }

    func texts(_ rule: String) throws -> [String] {
        try listed.map { value in
            guard case .string(let text) = value else { throw wrong(rule) }
            return text
        }
    }
}
