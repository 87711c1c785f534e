import Glibc

/// Where programs are.
public enum ProgramPath {
    /// The first executable file of a bare name in a PATH; empty and relative entries of it are passed over.
    public static func find(_ name: String, in searchPath: String) -> String? {
        for folder in searchPath.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/\(name)"
            var info = stat()
            if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 { return path }
        }
        return nil
    }

    /// The same for every way to write one program's place. Links to the file itself are kept: programs such as busybox are many in one.
    public static func canonical(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        guard let real = realpath(folder, nil) else { return path }
        defer { free(real) }
        let place = String(cString: real)
        return (place == "/" ? "" : place) + path[slash...]
    }
}
