import Foundation

/// One `claude` in its long-lived mode, spoken to over its two pipes and by nothing else: what the pool is measured against.
final class RawClaude {
    /// Longer waits than any measured turn has.
    private static let patienceMilliseconds: Int32 = 120_000
    /// As the agent starts it.
    private static let arguments = [
        "-p", "--input-format=stream-json", "--output-format=stream-json", "--verbose", "--strict-mcp-config",
        "--setting-sources=", "--permission-prompts=none",
    ]

    let pid: pid_t
    private let input: Int32
    private let output: Int32
    private var rest: [UInt8] = []
    private var hasEnded = false

    /// Starts it with a configuration folder of its own.
    init(_ path: String, api: String, folder: String) throws {
        for name in ["config", "work"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw BenchError("no pipe can be made: \(String(cString: strerror(errno)))")
        }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer {
            close(toChild[0])
            close(fromChild[1])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/errors", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let variables = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "dumb",
            "CLAUDE_CONFIG_DIR": "\(folder)/config", "ANTHROPIC_BASE_URL": api, "ANTHROPIC_API_KEY": "sk-dummy",
            "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1", "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
        ]
        // env changes the directory and then becomes the program.
        let command = ["/usr/bin/env", "-C", "\(folder)/work", path] + Self.arguments
        var words = command.map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + environment { free(text) } }
        var pid = pid_t()
        let failure = posix_spawn(&pid, command[0], &actions, nil, &words, &environment)
        guard failure == 0 else {
            throw BenchError("\(path) cannot be started: \(String(cString: strerror(failure)))")
        }
        self.pid = pid
        input = toChild[1]
        output = fromChild[0]
        LeftOvers.note(process: pid)
    }

    /// Waits until it answers at all.
    func initialize() throws {
        try write(#"{"type":"control_request","request_id":"i","request":{"subtype":"initialize"}}"#)
        _ = try line(with: #""type":"control_response""#)
    }

    /// One turn, from the prompt to its result.
    func turn(_ prompt: String) throws {
        try write(
            #"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"\#(prompt)"}]},"client_composed":true}"#
        )
        let result = try line(with: #""type":"result""#)
        guard result.contains(#""is_error":false"#) else { throw BenchError("a turn failed: \(result.prefix(300))") }
    }

    /// A new conversation.
    func clear() throws {
        try write(#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"/clear"}]}}"#)
        _ = try line(with: #""type":"result""#)
    }

    /// Closes its input and waits; kills it when it stays.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        close(input)
        close(output)
        for _ in 0..<200 {
            if waitpid(pid, nil, WNOHANG) == pid { return LeftOvers.forget(process: pid) }
            // Two seconds at most for a process whose input has ended; waitpid has no time limit of its own.
            usleep(10_000)
        }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        LeftOvers.forget(process: pid)
    }

    private func write(_ text: String) throws {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { throw BenchError("claude takes no input: \(String(cString: strerror(errno)))") }
            bytes = bytes.dropFirst(count)
        }
    }

    /// The next line that holds a text.
    private func line(with text: String) throws -> String {
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            while let end = rest.firstIndex(of: 0x0A) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeSubrange(...end)
                if line.contains(text) { return line }
            }
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Self.patienceMilliseconds) > 0 else {
                throw BenchError("claude said nothing for \(Self.patienceMilliseconds / 1000) s")
            }
            let count = read(output, &chunk, chunk.count)
            guard count > 0 else { throw BenchError("claude closed its output") }
            rest += chunk[..<count]
        }
    }
}
