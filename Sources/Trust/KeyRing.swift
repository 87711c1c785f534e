import Glibc
import Synchronization
import ZeroMQ

/// The list of allowed keys as a running coordinator sees it: read again when its file changes.
public final class KeyRing: Sendable {
    /// Who uses the secret file of the coordinator's own host: it may do everything.
    public static let local = Peer(role: .admin, name: "local")
    /// The User-Id of that one.
    public static let localID = "local"

    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }

    private struct State {
        var peers: [String: Peer] = [:]
        var stamp: Stamp?
        var trouble: String?
    }

    private let path: String
    private let localKey: CurvePublicKey
    private let state = Mutex(State())

    /// Reads the list.
    ///
    /// - Parameters:
    ///   - path: the list's file; nobody but the local key is let in while it is not there.
    ///   - localKey: that of the secret file.
    /// - Throws: ``TrustError`` for a file that can't be used.
    public init(path: String, localKey: CurvePublicKey) throws {
        self.path = path
        self.localKey = localKey
        let stamp = Self.stamp(of: path)
        let keys = try AllowedKeys.load(path)
        state.withLock { state in
            state.peers = Self.peers(keys)
            state.stamp = stamp
        }
    }

    /// Keys that are let in, the local one apart.
    public var count: Int { state.withLock { $0.peers.count } }

    /// For a handshake: every message of the connection carries the answer as its User-Id.
    public func decide(_ request: ZAPRequest) -> ZAPDecision {
        guard request.mechanism == "CURVE", let key = request.publicKey else {
            return .deny(reason: "\(request.mechanism) is not CURVE")
        }
        if key == localKey { return .allow(userID: Self.localID) }
        // Whoever was let in a moment ago may connect at once.
        refresh()
        let id = key.z85
        return state.withLock { $0.peers[id] } == nil ? .deny(reason: "its key is not allowed") : .allow(userID: id)
    }

    /// Who sent a message; nil for a key that is not allowed any more.
    public func peer(_ userID: String?) -> Peer? {
        guard let userID else { return nil }
        if userID == Self.localID { return Self.local }
        return state.withLock { $0.peers[userID] }
    }

    /// Reads the list again if its file has changed. A file that can't be used changes nothing but the trouble.
    ///
    /// - Returns: what to log, the first time that it is so.
    @discardableResult
    public func refresh() -> Change? {
        let stamp = Self.stamp(of: path)
        guard state.withLock({ $0.stamp != stamp }) else { return nil }
        do {
            let peers = Self.peers(try AllowedKeys.load(path))
            return state.withLock { state in
                state.stamp = stamp
                state.trouble = nil
                guard state.peers != peers else { return nil }
                state.peers = peers
                return .read(allowed: peers.count)
            }
        } catch {
            return state.withLock { state in
                guard state.trouble != error.description else { return nil }
                state.trouble = error.description
                return .unusable(error.description)
            }
        }
    }

    /// What a ``refresh()`` found.
    public enum Change: Hashable, Sendable {
        case read(allowed: Int)
        /// The list of before stays in force.
        case unusable(String)
    }

    private static func peers(_ keys: AllowedKeys) -> [String: Peer] {
        var peers: [String: Peer] = [:]
        for entry in keys.entries where !entry.isRevoked { peers[entry.key.z85] = entry.peer }
        return peers
    }

    private static func stamp(of path: String) -> Stamp? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Stamp(
            inode: UInt64(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }
}
