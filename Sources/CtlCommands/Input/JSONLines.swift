import ClusterModel

/// `--from-json`: a task for each line, an object each.
enum JSONLines {
    /// A file on disk is read twice, first to check every line and then to send; what can be read only once, or has tasks that
    /// wait for each other, is kept in memory, up to ``InputFile/bytesAtMost``.
    /// - Throws: ``UsageError`` with the line's number.
    static func read(_ file: LineFile, spec: JobSpec, flags: TaskFields) throws -> Submission {
        guard try file.isRepeatable() else { return try collected(file, keepsTasks: true, flags).finish(spec) }
        let checked = try collected(file, keepsTasks: false, flags)
        if checked.hasLinks { return try collected(file, keepsTasks: true, flags).finish(spec) }
        var submission = try checked.finish(spec)
        submission.tasks = .jsonLines(
            JSONLineTasks(file: file, flags: flags, count: checked.count, rows: checked.rows))
        return submission
    }

    private static func collected(
        _ file: LineFile, keepsTasks: Bool, _ flags: TaskFields
    ) throws -> SubmissionBuilder {
        var builder = SubmissionBuilder(title: file.title, keepsTasks: keepsTasks)
        let reader = try file.reader()
        while let line = try reader.next() {
            if keepsTasks { try InputFile.check(reader.bytesRead, file.title) }
            try builder.add(fields(line, file, flags), place: file.place(line.number))
        }
        return builder
    }

    /// What a line says, over `flags`.
    static func fields(_ line: LineReader.Line, _ file: LineFile, _ flags: TaskFields) throws -> TaskFields {
        let place = file.place(line.number)
        guard case .object(let members) = try JSONInput.value(Array(line.text.utf8), place: place) else {
            throw UsageError(at: place, "must be an object like {\"prompt\": \"…\"}")
        }
        let fields = members.sorted { $0.key < $1.key }.map { Field(key: $0.key, value: $0.value, place: place) }
        return try TaskFields(fields).over(flags)
    }
}

/// The tasks of a checked file of JSON lines, read once more as they are sent.
struct JSONLineTasks: Sendable {
    let file: LineFile
    let flags: TaskFields
    let count: Int
    /// The job's table of options.
    let rows: [TaskOptions: UInt32]

    /// The tasks one after the other.
    func pull() throws -> () throws -> TaskSpec? {
        let reader = try file.reader()
        return {
            guard let line = try reader.next() else { return nil }
            let place = file.place(line.number)
            let fields = try JSONLines.fields(line, file, flags)
            guard let row = rows[try fields.options(place: place)] else {
                throw UsageError(at: place, "the file was changed while it was read")
            }
            return try fields.task(row: row, place: place)
        }
    }
}
