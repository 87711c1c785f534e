import Foundation
import Glibc

/// Holds a data directory: one coordinator at a time. The kernel lets go when the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Creates the directory (0700) where it is missing. Throws `.inUse` when another process holds it.
    init(directory: String) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(.broken, "the data directory \(directory) can't be made: \(error.localizedDescription)")
        }
        let path = directory + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.broken, "\(path) can't be opened: \(String(cString: strerror(errno)))")
        }
        guard Self.take(descriptor) else {
            close(descriptor)
            throw StoreError(
                .inUse,
                "the data directory \(directory) is in use by another coordinator: stop it or choose another --data-dir"
            )
        }
    }

    /// For half a second at most: a child that its holder forked and that has not become its program yet holds it too.
    private static func take(_ descriptor: Int32) -> Bool {
        for attempt in 1...attemptsAtMost {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if attempt < attemptsAtMost { usleep(25_000) }
        }
        return false
    }

    private static let attemptsAtMost = 20

    deinit { close(descriptor) }
}
