import Glibc
import ZeroMQ

/// One process at a time: an advisory lock that ends with its process.
struct FileLock {
    private let file: Int32

    init(_ path: String) throws(TrustError) {
        do { try PrivateFile.makeDirectories(for: path) } catch { throw TrustError("\(path) \(error.text)") }
        file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file != -1 else {
            throw TrustError(
                "\(path) cannot be made (\(String(cString: strerror(errno)))): see that its folder is there and yours")
        }
        while flock(file, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let why = String(cString: strerror(errno))
                close(file)
                throw TrustError("\(path) cannot be locked: \(why)")
            }
        }
    }

    func release() { close(file) }
}
