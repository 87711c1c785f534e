import Foundation

/// Where a scene works: the programs under test, a scratch folder of its own, and a clean environment with nothing of this machine's.
public struct Workbench: Sendable {
    /// The folder with the programs (`.build/debug`).
    public let programs: String
    /// Everything the scene writes; removed at the end unless ``keep``.
    public let scratch: String
    /// The claude binary under test.
    public let claude: String
    /// Whether ``cleanUp()`` leaves the scratch folder for a look at it.
    public let keep: Bool

    /// Makes a scratch folder.
    ///
    /// - Parameter programs: nil takes the folder of the running program.
    public init(programs: String? = nil, claude: String, keep: Bool = false) throws {
        self.programs = try programs ?? Self.ownFolder()
        self.claude = claude
        self.keep = keep
        var template = Array(
            (NSTemporaryDirectory() as NSString).appendingPathComponent("cco-scene-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else {
            throw SceneError(
                "no scratch folder can be made in \(NSTemporaryDirectory()): \(String(cString: strerror(errno)))")
        }
        scratch = String(cString: made)
        try FileManager.default.createDirectory(atPath: scratch + "/home", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: scratch + "/log", withIntermediateDirectories: true)
    }

    /// The folder of the running program, or, under `swift test`, of the built products.
    public static func ownFolder() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var folder = (own as NSString).deletingLastPathComponent
        // The test runner lives in the toolchain; the tests' bundle is named in its arguments.
        if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) {
            folder = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
        }
        return folder
    }

    /// The path of a program under test; a path is taken as it is.
    public func program(_ name: String) throws -> String {
        if name.hasPrefix("/") { return name }
        let path = programs + "/" + name
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SceneError("\(path) is not built: run `swift build` first")
        }
        return path
    }

    /// An environment with a scratch home and a dummy key, and with what is given on top.
    public func environment(_ more: [String: String] = [:]) -> [String: String] {
        var environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch + "/home", "LANG": "C.UTF-8", "TMPDIR": scratch,
        ]
        environment.merge(more) { $1 }
        return environment
    }

    /// Removes the scratch folder.
    public func cleanUp() {
        guard !keep else { return }
        do {
            try FileManager.default.removeItem(atPath: scratch)
        } catch {
            FileHandle.standardError.write(Data("\(scratch) can't be removed: \(error.localizedDescription)\n".utf8))
        }
    }
}

/// A scene that did not go as it must.
public struct SceneError: Error, CustomStringConvertible, Sendable {
    /// A sentence: what was seen where what was due, with the end of a log where that helps.
    public var description: String
    /// A failure in these words.
    public init(_ description: String) { self.description = description }
}
