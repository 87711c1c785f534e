import Glibc

/// A conversation on disk, as the CLI keeps it: `<CLAUDE_CONFIG_DIR>/projects/<folder>/<session>.jsonl`, a line a message. Without a config
/// directory nothing is kept.
struct Transcript {
    private let path: String?
    private let session: String
    /// What the user has said so far, interrupts and failed turns included.
    private(set) var said: [String] = []

    /// An empty one; its file is made with its first line.
    init(session: String) {
        self.session = session
        path = Self.projects.map { "\($0)/\(Self.folder)/\(session).jsonl" }
    }

    /// Goes on with a session of whatever folder, where it lies, or with a copy of it. Nil: there is none.
    init?(resuming old: String, as session: String) {
        guard let projects = Self.projects,
            let folder = Self.names(in: projects).first(where: {
                access("\(projects)/\($0)/\(old).jsonl", R_OK) == 0
            })
        else { return nil }
        let source = "\(projects)/\(folder)/\(old).jsonl"
        self.session = session
        path = session == old ? source : "\(projects)/\(Self.folder)/\(session).jsonl"
        let lines = Self.lines(of: source)
        for line in lines {
            guard let message = JSON(parsing: line), message["type"]?.text == "user" else { continue }
            said.append(
                (message["message"]?["content"]?.elements ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
            )
        }
        if session != old { for line in lines { append(String(decoding: line, as: UTF8.self)) } }
    }

    mutating func user(_ text: String, id: String = newUUID()) {
        said.append(text)
        append(line("user", text, id))
    }

    func assistant(_ text: String, id: String) { append(line("assistant", text, id)) }

    static func message(_ role: String, _ text: String) -> JSON {
        .object([
            ("role", .string(role)),
            ("content", .array([.object([("type", .string("text")), ("text", .string(text))])])),
        ])
    }

    private func line(_ role: String, _ text: String, _ id: String) -> String {
        JSON.object([
            ("type", .string(role)), ("message", Self.message(role, text)), ("uuid", .string(id)),
            ("sessionId", .string(session)),
        ]).line
    }

    private func append(_ line: String) {
        guard let path else { return }
        Self.makeFolders(of: path)
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            StandardError.print("claude-sim: \(path) cannot be written: \(String(cString: strerror(errno)))")
            exit(1)
        }
        defer { close(file) }
        let bytes = Array((line + "\n").utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { exit(1) }
    }

    // MARK: files

    private static var projects: String? {
        getenv("CLAUDE_CONFIG_DIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 + "/projects" }
    }

    /// The working directory with everything but letters and digits made a dash.
    private static var folder: String {
        guard let pointer = getcwd(nil, 0) else { return "-" }
        defer { free(pointer) }
        return String(
            String(cString: pointer).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.prefix(200))
    }

    private static func makeFolders(of path: String) {
        var place = path.startIndex
        while let slash = path[place...].dropFirst().firstIndex(of: "/") {
            mkdir(String(path[..<slash]), 0o700)
            place = slash
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let open = opendir(folder) else { return [] }
        defer { closedir(open) }
        var names: [String] = []
        while let entry = readdir(open) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.sorted()
    }

    private static func lines(of path: String) -> [[UInt8]] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { target, count in
                count = max(0, read(file, target.baseAddress, 65_536))
            }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }
}
