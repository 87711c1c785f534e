import Foundation
import Glibc

/// A directory that takes 8 MiB more and then is full, until ``makeRoom()``.
///
/// Whoever may mount gets a file system of its own with a file that fills it. For anybody else the process's limit on the size of
/// a file does it; it is far above what the tests beside this one write.
final class SmallDisk {
    static let roomBytes = 8 << 20
    let scratch: ScratchDirectory
    let path: String
    private let isMounted: Bool
    private var before = rlimit()

    init() throws {
        scratch = try ScratchDirectory()
        path = scratch.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        isMounted = mount("none", path, "tmpfs", 0, "size=48m") == 0
        if isMounted {
            let filler = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            let refused = posix_fallocate(filler, 0, off_t(48 << 20 - Self.roomBytes))
            close(filler)
            guard refused == 0 else { throw POSIXError(POSIXErrorCode(rawValue: refused) ?? .EIO) }
        } else {
            // A write beyond the limit is to be an error, not the end of the process.
            signal(SIGXFSZ, SIG_IGN)
            guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before) == 0 else { throw POSIXError(.EPERM) }
            var small = rlimit(rlim_cur: rlim_t(Self.roomBytes), rlim_max: before.rlim_max)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small) == 0 else { throw POSIXError(.EPERM) }
        }
    }

    func makeRoom() {
        if isMounted {
            unlink(path + "/filler")
        } else {
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        }
    }

    deinit {
        makeRoom()
        if isMounted { umount2(path, Int32(MNT_DETACH)) }
    }
}
