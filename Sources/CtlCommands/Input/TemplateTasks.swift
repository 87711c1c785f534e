import ClusterModel

/// A task for each line of a file, its prompt made from a template.
struct TemplateTasks: Sendable {
    static let placeholder = "{line}"

    let file: LineFile
    /// The template's pieces between its placeholders.
    private let pieces: [String]

    /// Checks every line, so that nothing can go wrong once the first is sent.
    /// - Throws: ``UsageError`` for a template without its placeholder, a file without a line, a line that is not UTF-8
    ///   or makes too long a prompt.
    init(file: LineFile, template: String, templateTitle: String = "--prompt") throws {
        self.file = file
        pieces = template.split(separator: Self.placeholder, omittingEmptySubsequences: false).map(String.init)
        guard pieces.count > 1 else {
            throw UsageError("\(templateTitle) must contain {line}, where each line of \(file.title) goes")
        }
        guard !file.lines.isEmpty else { throw UsageError("\(file.title) holds no line") }
        guard file.lines.count <= Limits.tasksPerJob else {
            throw UsageError(
                "\(file.title) has \(file.lines.count) lines; a job has at most \(Limits.tasksPerJob) tasks")
        }
        for line in file.lines {
            try TaskFields.checkPrompt(prompt(try file.text(line)), place: file.place(line))
        }
    }

    func task(_ index: Int) -> TaskSpec {
        let line = String(decoding: file.bytes[file.lines[index].range], as: UTF8.self)
        let prompt = prompt(line)
        // An empty input means the prompt itself: the same words are not kept twice, and a line too long to be kept
        // beside its prompt is still found inside it.
        let input = line == prompt || line.utf8.count > Limits.inputBytes ? "" : line
        return TaskSpec(prompt: .text(prompt), input: input)
    }

    private func prompt(_ line: String) -> String { pieces.joined(separator: line) }
}
