import Foundation

/// A git repository below a bench's scratch folder.
public struct GitFolder: Sendable {
    /// Absolute.
    public let path: String
    private let bench: Workbench

    /// One with a commit: `shared.txt` of 200 lines, and a `.gitignore` that names `out`.
    public static func make(_ bench: Workbench, _ name: String) async throws -> GitFolder {
        let folder = GitFolder(path: bench.scratch + "/" + name, bench: bench)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        _ = try await folder.git(["init", "-q", "-b", "main"])
        try (0..<200).map { "line \($0)\n" }.joined()
            .write(toFile: folder.path + "/shared.txt", atomically: true, encoding: .utf8)
        try "out\n".write(toFile: folder.path + "/.gitignore", atomically: true, encoding: .utf8)
        _ = try await folder.git(["add", "-A"])
        _ = try await folder.git(["commit", "-q", "-m", "first"])
        return folder
    }

    /// A clone of it beside it.
    public static func clone(_ bench: Workbench, _ from: String, _ name: String) async throws -> GitFolder {
        let folder = GitFolder(path: bench.scratch + "/" + name, bench: bench)
        let source = GitFolder(path: bench.scratch + "/" + from, bench: bench)
        _ = try await source.git(["clone", "-q", source.path, folder.path])
        return folder
    }

    /// Runs git in it; gives what it printed, without white space around it.
    public func git(_ arguments: [String]) async throws -> String {
        let identity = ["-c", "user.name=scene", "-c", "user.email=scene@localhost"]
        let run = try await bench.run("/usr/bin/git", identity + arguments, directory: path)
        guard run.code == 0 else { throw SceneError("git \(arguments) exited \(run.code): \(run.errors)") }
        return run.trimmed
    }
}
