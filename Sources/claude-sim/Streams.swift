import Glibc

/// Standard output: every line leaves in one write, so that a reader sees it as the CLI's.
enum Output {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    static func line(_ value: JSON) { write(value.line + "\n") }

    /// A line in two writes that part a character, if it has one of several bytes.
    static func splitLine(_ value: JSON) {
        let bytes = Array((value.line + "\n").utf8)
        let cut = bytes.firstIndex { $0 & 0xC0 == 0x80 } ?? bytes.count
        bytes[..<cut].withUnsafeBytes { write($0) }
        usleep(20_000)
        bytes[cut...].withUnsafeBytes { write($0) }
    }

    /// A reader that is gone ends the program: there is nobody left to tell.
    private static func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(STDOUT_FILENO, base, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                exit(1)
            }
        }
    }
}

/// Standard error, for people.
enum StandardError {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// Milliseconds of a clock that only goes forward.
func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Standard input by lines, with a time limit on each wait.
struct Input {
    /// A longer line ends the program.
    static let maximumLineBytes = 64 * 1024 * 1024

    enum Line {
        case bytes([UInt8])
        case timedOut
        case ended
    }

    private var buffer: [UInt8] = []
    private var searched = 0
    private var isOpen = true

    /// The next line; waits until `deadline` (``monotonicMilliseconds()``), or for ever if it is nil.
    mutating func next(deadline: Int64? = nil) -> Line {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer = Array(buffer[(end + 1)...])
                searched = 0
                return .bytes(line)
            }
            searched = buffer.count
            guard isOpen else { return .ended }
            guard waitForInput(deadline) else { return .timedOut }
            fill()
        }
    }

    private func waitForInput(_ deadline: Int64?) -> Bool {
        while true {
            let left = deadline.map { max(0, $0 - monotonicMilliseconds()) } ?? -1
            var state = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let count = poll(&state, 1, Int32(clamping: left))
            if count > 0 { return true }
            if count == 0, left <= Int64(Int32.max) { return false }
        }
    }

    private mutating func fill() {
        let chunk = 64 * 1024
        let bytes = [UInt8](unsafeUninitializedCapacity: chunk) { target, count in
            count = max(0, read(STDIN_FILENO, target.baseAddress, chunk))
        }
        // An interrupted read of a pipe that poll found ready has not been seen; like an error it counts as the end.
        if bytes.isEmpty { isOpen = false }
        buffer += bytes
        if buffer.count > Self.maximumLineBytes {
            StandardError.print("claude-sim: a line of input is over \(Self.maximumLineBytes) bytes")
            exit(1)
        }
    }
}
