import ClaudeProcess
import ClusterModel
import ClusterWire
import Crypto
import Foundation
import Glibc

/// Copies of conversations on the agent's disk: those that results name, until the coordinator has them, and those that came to be resumed.
///
/// Files of one folder (0700), each named after its attempt.
struct Transcripts: Sendable {
    /// How long the CLI may take to write a turn's last message down. It has done so before it says the result.
    static let patience: Duration = .seconds(5)
    private static let look: Duration = .milliseconds(20)
    let folder: String

    init(state: String) { folder = state + "/transcripts" }

    /// A conversation that could not be kept, in a sentence.
    struct Failure: Error {
        var message: String
        /// It is too long: another try ends in the same way.
        var isTooLarge = false
    }

    /// What a result that is sent names.
    func outgoing(_ token: AttemptToken) -> String { path(token, "out") }
    /// What an instance is launched with.
    func incoming(_ token: AttemptToken) -> String { path(token, "in") }

    /// Copies a session as it stands after a turn. On disk when this returns.
    ///
    /// - Parameter last: the id of the turn's last message, which must be in it; nil: none was seen.
    func keep(_ token: AttemptToken, session: String, config: String, last: String?) async throws -> BlobRef {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let bytes = try read(session, config), last.map({ bytes.range(of: Data($0.utf8)) != nil }) ?? true {
                try write(bytes, to: outgoing(token))
                return BlobRef(sha256: Array(SHA256.hash(data: bytes)), size: UInt64(bytes.count))
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(message: "claude has not written the turn into its transcript of session \(session)")
            }
            try await Task.sleep(for: Self.look)
        }
    }

    /// Its whole lines; nil: there is no such session.
    private func read(_ session: String, _ config: String) throws -> Data? {
        guard let path = try SessionFile.find(config: config, session: session) else { return nil }
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        guard info.st_size <= Limits.transcriptBytes else {
            throw Failure(
                message:
                    "the conversation's transcript of \(info.st_size) bytes is over the limit of \(Limits.transcriptBytes): go on in a new context",
                isTooLarge: true)
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        return bytes[...end]
    }

    /// Writes what came from the coordinator.
    func store(_ bytes: [UInt8], for token: AttemptToken) throws { try write(Data(bytes), to: incoming(token)) }

    /// The bytes that a result names.
    func bytes(of token: AttemptToken) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: outgoing(token))))
    }

    /// Puts a conversation that came where an instance looks for it.
    func place(_ token: AttemptToken, _ resume: SessionResume, for plan: LaunchPlan) throws {
        let directory = URL(fileURLWithPath: plan.directory).resolvingSymlinksInPath().path
        let target = SessionFile.path(config: plan.configDirectory, directory: directory, session: resume.session)
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try FileManager.default.copyItem(atPath: incoming(token), toPath: target)
    }

    func removeOutgoing(_ token: AttemptToken) { unlink(outgoing(token)) }
    func removeIncoming(_ token: AttemptToken) { unlink(incoming(token)) }

    /// What an agent before this one left and no result names goes.
    func removeAll(but kept: [AttemptToken]) throws {
        guard FileManager.default.fileExists(atPath: folder) else { return }
        let names = Set(kept.map { (outgoing($0) as NSString).lastPathComponent })
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where !names.contains(name) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    private func path(_ token: AttemptToken, _ way: String) -> String {
        let store = String(token.store.rawValue, radix: 16)
        return "\(folder)/\(way)-\(store)-\(token.task.job)-\(token.task.index)-\(token.attempt).jsonl"
    }

    private func write(_ bytes: Data, to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(message: "\(path) can't be written: \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: bytes)
        try file.synchronize()
        try file.close()
    }
}
