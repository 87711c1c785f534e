import ClusterModel

/// A task for each line of a file, its prompt made from a template.
struct TemplateTasks: Sendable {
    static let placeholder = "{line}"

    let file: LineFile
    /// Nil for what can be read only once.
    let count: Int?
    /// The template's pieces between its placeholders.
    private let pieces: [String]

    /// Checks every line of a file on disk, so that nothing can go wrong once the first is sent.
    /// - Throws: ``UsageError`` for a template without its placeholder, a file without a line, a line that is not UTF-8
    ///   or makes too long a prompt.
    init(file: LineFile, template: String, templateTitle: String = "--prompt") throws {
        self.file = file
        pieces = template.split(separator: Self.placeholder, omittingEmptySubsequences: false).map(String.init)
        guard pieces.count > 1 else {
            throw UsageError("\(templateTitle) must contain {line}, where each line of \(file.title) goes")
        }
        guard try file.isRepeatable() else {
            count = nil
            return
        }
        let next = try Self.pull(file, pieces)
        var count = 0
        while try next() != nil { count += 1 }
        self.count = count
    }

    /// The tasks one after the other; an error in a line that could not be checked before is thrown here.
    func pull() throws -> () throws -> TaskSpec? { try Self.pull(file, pieces) }

    private static func pull(_ file: LineFile, _ pieces: [String]) throws -> () throws -> TaskSpec? {
        let reader = try file.reader()
        var count = 0
        return {
            guard let line = try reader.next() else {
                if count == 0 { throw UsageError("\(file.title) holds no line") }
                return nil
            }
            count += 1
            guard count <= Limits.tasksPerJob else {
                throw UsageError(at: file.place(line.number), "a job has at most \(Limits.tasksPerJob) tasks")
            }
            let prompt = pieces.joined(separator: line.text)
            try TaskFields.checkPrompt(prompt, place: file.place(line.number))
            // An empty input means the prompt itself: the same words are not kept twice, and a line too long to be kept
            // beside its prompt is still found inside it.
            let input = line.text == prompt || line.text.utf8.count > Limits.inputBytes ? "" : line.text
            return TaskSpec(prompt: .text(prompt), input: input)
        }
    }
}
