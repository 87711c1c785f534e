#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the CLI keeps a conversation: `<config>/projects/<working directory>/<session id>.jsonl`, a line a message.
///
/// The folder is the directory's real path with everything but letters and digits made a dash. A session is found in whichever folder it lies, and
/// goes on there (seen with 2.1.330), so that a conversation may move to another directory and to another host.
public enum SessionFile {
    /// Longer names of folders are cut: the system takes 255 bytes.
    private static let folderCharacters = 200

    /// The path at which a session is put for an instance that works in `directory`.
    public static func path(config: String, directory: String, session: String) -> String {
        let dashed = String(directory.unicodeScalars.map { isNamed($0) ? Character($0) : "-" })
        return "\(config)/projects/\(dashed.prefix(folderCharacters))/\(session).jsonl"
    }

    /// The path at which a session lies; nil: there is none.
    public static func find(config: String, session: String) throws -> String? {
        let projects = config + "/projects"
        guard FileManager.default.fileExists(atPath: projects) else { return nil }
        for folder in try FileManager.default.contentsOfDirectory(atPath: projects).sorted() {
            let path = "\(projects)/\(folder)/\(session).jsonl"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }

    private static func isNamed(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}

/// A conversation that an instance is launched with.
public struct SessionResume: Hashable, Sendable {
    /// The CLI's name for it.
    public var session: String
    /// It becomes a copy under a new name.
    public var isFork: Bool

    /// Everything as given.
    public init(session: String, isFork: Bool = false) {
        self.session = session
        self.isFork = isFork
    }
}
