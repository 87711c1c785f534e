#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kill(2)`, under a name that does not clash with a method's.
func systemKill(_ pid: Int32, _ signal: Int32) -> Int32 { kill(pid, signal) }
