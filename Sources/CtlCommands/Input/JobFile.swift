import ClusterModel
import Foundation
import Yams

/// `--file job.yaml` (or JSON, which YAML includes): a job with its defaults and a list of tasks, or a file of lines and a template.
struct JobFile {
    private let path: String
    private var name: String?
    private var defaults = TaskFields()
    private var tasks: [(fields: TaskFields, place: String)]?
    private var eachLine: String?
    private var template: String?
    private var job = JobFields()
    private let now: WallTime

    /// - Throws: ``UsageError`` with the line in the file.
    init(path: String, bytes: [UInt8], now: WallTime = .now()) throws {
        self.path = path
        self.now = now
        guard let text = String(validating: bytes, as: UTF8.self) else { throw UsageError("\(path) is not UTF-8") }
        guard let root = try Self.compose(text, path: path) else { throw UsageError("\(path) is empty") }
        guard case .mapping(let mapping) = root else {
            throw UsageError(at: place(root), "a job file must be a mapping with \"tasks\" or \"each_line\"")
        }
        try read(mapping)
        try check()
    }

    /// The job with flags laid over the file's defaults and under the tasks' own fields.
    func submission(name givenName: String?, flags: TaskFields, job jobFlags: JobFields = JobFields()) throws
        -> Submission
    {
        let base = flags.over(defaults)
        let spec = try jobFlags.over(job).spec(name: givenName ?? self.name ?? "")
        if let eachLine {
            // Relative to the job file, so that the two can be moved together.
            let linesPath = URL(fileURLWithPath: eachLine, relativeTo: URL(fileURLWithPath: path)).path
            let file = LineFile(path: eachLine == "-" ? "-" : linesPath, title: InputFile.title(eachLine))
            let lines = try TemplateTasks(
                file: file, template: template ?? TemplateTasks.placeholder, templateTitle: "\"prompt\" in \(path)")
            return Submission(spec: spec, options: [try base.options(place: path)], tasks: .lines(lines))
        }
        var builder = SubmissionBuilder(title: path)
        for task in tasks ?? [] { try builder.add(task.fields.over(base), place: task.place) }
        return try builder.finish(spec)
    }

    private static func compose(_ text: String, path: String) throws -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw UsageError(at: "\(path), line \(mark.line)", "not YAML: \(problem)")
            case .duplicatedKeysInMapping(let duplicates, _):
                throw UsageError(
                    at: path, "given twice: \(duplicates.map { "\"\($0)\"" }.sorted().joined(separator: ", "))")
            default: throw UsageError(at: path, "not YAML: \(error)")
            }
        }
    }

    private mutating func read(_ mapping: Node.Mapping) throws {
        var own: [Field] = []
        for (key, node) in mapping {
            let field = try field(key, node)
            switch field.key {
            case "name": name = try field.name()
            case "defaults":
                defaults = try taskFields(node, what: "\"defaults\"")
                guard defaults.after == nil else {
                    throw UsageError(at: place(node), "\"after\" belongs to a task, not to \"defaults\"")
                }
            case "tasks": tasks = try taskList(node)
            case "each_line": eachLine = try field.text()
            case "prompt": template = try field.text()
            case let key where JobFields.known.contains(key): try job.set(field, now: now)
            default: own.append(field)
            }
        }
        defaults = try TaskFields(own).over(defaults)
    }

    private func check() throws {
        if tasks != nil && eachLine != nil {
            throw UsageError(at: path, "has both \"tasks\" and \"each_line\": give one")
        }
        if tasks != nil && template != nil {
            throw UsageError(
                at: path, "\"prompt\" at the top goes with \"each_line\"; with \"tasks\" each task has its own")
        }
        if tasks == nil && eachLine == nil { throw UsageError(at: path, "has neither \"tasks\" nor \"each_line\"") }
    }

    private func taskList(_ node: Node) throws -> [(fields: TaskFields, place: String)] {
        guard case .sequence(let sequence) = node else { throw UsageError(at: place(node), "\"tasks\" must be a list") }
        return try sequence.map { item in
            // A line of text alone is a prompt.
            if case .scalar(let scalar) = item {
                var fields = TaskFields()
                fields.prompt = scalar.string
                return (fields, place(item))
            }
            return (try taskFields(item, what: "a task"), place(item))
        }
    }

    private func taskFields(_ node: Node, what: String) throws -> TaskFields {
        guard case .mapping(let mapping) = node else { throw UsageError(at: place(node), "\(what) must be a mapping") }
        return try TaskFields(mapping.map { try field($0.key, $0.value) })
    }

    private func field(_ key: Node, _ node: Node) throws -> Field {
        guard let name = key.string else { throw UsageError(at: place(key), "a field's name must be text") }
        do {
            return Field(key: name, value: try FieldValue(node), place: place(key), folder: folder)
        } catch let error as UsageError {
            throw UsageError(at: place(key), error.message)
        }
    }

    /// The job file's own, so that the two can be moved together.
    private var folder: String? {
        path == "-" ? nil : URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    private func place(_ node: Node) -> String { node.mark.map { "\(path), line \($0.line)" } ?? path }
}
