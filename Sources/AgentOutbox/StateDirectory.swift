import Foundation
import Glibc
import Synchronization

/// An agent's directory on its host, held by one process at a time. The lock goes when the process does, however it ends.
public final class StateDirectory: Sendable {
    /// Absolute.
    public let path: String
    private let lock: Mutex<Int32?>

    /// Makes the directory (0700) if it isn't there, and locks it.
    ///
    /// - Throws: ``OutboxError`` if it can't be made or another agent holds it.
    public init(_ path: String) throws(OutboxError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OutboxError(
                code: .unusable,
                message:
                    "the state directory \(path) cannot be made (\(error.localizedDescription)); choose another with --state-dir"
            )
        }
        let file = path + "/agent.lock"
        // Children must not inherit it: they would hold the lock on after this process.
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw OutboxError(
                code: .unusable,
                message:
                    "\(file) cannot be opened (\(String(cString: strerror(errno)))); choose another directory with --state-dir"
            )
        }
        // For half a second: a child that the last holder forked and that has not become its program yet holds it too.
        var isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        for _ in 0..<20 where !isTaken && errno == EWOULDBLOCK {
            // flock has no time limit of its own, and waiting without one would hide a second agent.
            usleep(25_000)
            isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }
        guard isTaken else {
            let reason = errno
            close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw OutboxError(
                    code: .unusable, message: "\(file) cannot be locked (\(String(cString: strerror(reason))))")
            }
            throw OutboxError(
                code: .inUse,
                message:
                    "the state directory \(path) is in use by another agent: give each its own with --state-dir, or another --name"
            )
        }
        lock = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets another have it. An agent that has ended says so itself: threads of its own may keep this object for a moment.
    public func release() {
        lock.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }

    /// Where the outbox is kept.
    public var outboxFile: String { path + "/outbox.sqlite" }
}
