#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What /proc says about this user's processes. Empty where there is no /proc.
enum ProcessTable {
    /// The largest environment or command line that is read: the kernel's own limit of one is 2 MiB by default.
    private static let limitBytes = 4 * 1024 * 1024

    /// The numbers of all processes of this user that can be seen, this one left out.
    static func ownProcesses() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix(while: { $0 != 0 }), as: UTF8.self)
            }
            guard let pid = Int32(name), pid > 1, pid != getpid() else { continue }
            var info = stat()
            if stat("/proc/\(name)", &info) == 0, info.st_uid == getuid() { found.append(pid) }
        }
        return found
    }

    /// The words of a process's `environ` or `cmdline`; empty when it has ended, or is not ours to read.
    static func words(of pid: Int32, _ file: String) -> [ArraySlice<UInt8>] {
        contents("/proc/\(pid)/\(file)").split(separator: 0)
    }

    private static func contents(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < limitBytes {
            let count = read(file, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }
}
