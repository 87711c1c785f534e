import ClusterModel

/// `--from-json`: a task for each line, an object each.
enum JSONLines {
    /// - Throws: ``UsageError`` with the line's number.
    static func read(_ file: LineFile, name: String, flags: TaskFields) throws -> Submission {
        var builder = SubmissionBuilder(title: file.title)
        for line in file.lines {
            let place = file.place(line)
            // First, because a JSON parser would complain about bytes and not say why.
            _ = try file.text(line)
            guard case .object(let members) = try JSONInput.value(file.bytes[line.range], place: place) else {
                throw UsageError(at: place, "must be an object like {\"prompt\": \"…\"}")
            }
            let fields = members.sorted { $0.key < $1.key }.map { Field(key: $0.key, value: $0.value, place: place) }
            try builder.add(TaskFields(fields).over(flags), place: place)
        }
        return try builder.finish(name: name)
    }
}
