#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Cuts a byte stream into lines at "\n" alone: JSON may hold every other line separator unescaped.
struct LineSplitter {
    /// A line grew beyond the limit.
    struct TooLong: Error {}

    /// Of one line, without its end.
    let limitBytes: Int
    private var pending: [UInt8] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// The lines that `chunk` completes, without their ends and without empty ones. Bytes, not characters: a chunk may end within one.
    mutating func append(_ chunk: UnsafeRawBufferPointer) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = chunk
        while let start = rest.baseAddress, rest.count > 0 {
            guard let found = memchr(start, 0x0a, rest.count) else { break }
            let length = UnsafeRawPointer(found) - start
            if pending.count + length > limitBytes { throw TooLong() }
            pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest[..<length]))
            if !pending.isEmpty { lines.append(pending) }
            pending = []
            rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
        }
        if pending.count + rest.count > limitBytes { throw TooLong() }
        pending.append(contentsOf: rest)
        return lines
    }
}
