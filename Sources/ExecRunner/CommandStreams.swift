import ClusterModel
import Glibc
import GuardedProcess
import SystemShims

/// The three standard streams of a command and what went over them.
struct CommandStreams {
    /// What a pipe may still hold when its last writer has gone, in buffers: a bound against a writer that is none of the command's.
    private static let restReads = 64

    private(set) var output: HeadBuffer
    private(set) var errors = TailBuffer(limitBytes: Limits.failureDetailBytes)
    /// For the command: standard input, output, errors.
    private(set) var childEnds: [Int32] = []
    private var input: Int32 = -1
    private var fromOutput: Int32 = -1
    private var fromErrors: Int32 = -1
    /// What is still to be written.
    private var unwritten: ArraySlice<UInt8> = []

    init(_ plan: ExecPlan) {
        output = HeadBuffer(limitBytes: plan.outputBytes)
        if let text = plan.input { unwritten = Array(text.utf8)[...] }
        hasInput = plan.input != nil
    }

    private let hasInput: Bool

    /// Makes them. After a failure what was made is there to be closed.
    mutating func open() throws(SystemFailure) {
        if hasInput {
            let (reads, writes) = try Self.pipe()
            childEnds.append(reads)
            input = writes
            try Self.unblock(writes)
        } else {
            let null = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard null >= 0 else { throw SystemFailure("/dev/null", errno) }
            childEnds.append(null)
        }
        fromOutput = try reader()
        fromErrors = try reader()
    }

    private mutating func reader() throws(SystemFailure) -> Int32 {
        let (reads, writes) = try Self.pipe()
        childEnds.append(writes)
        try Self.unblock(reads)
        return reads
    }

    /// The guard has the command's ends. Those for writing stay open here as well: the end of all that writes is told by the guard, and
    /// two pipes that close would wake this thread for nothing.
    mutating func isStarted() {
        Self.close(&childEnds[0])
        if unwritten.isEmpty { Self.close(&input) }
    }

    mutating func close() {
        for end in childEnds.indices { Self.close(&childEnds[end]) }
        Self.close(&input)
        Self.close(&fromOutput)
        Self.close(&fromErrors)
    }

    /// Waits until something can be moved, and moves it. True when `control` is readable.
    mutating func waitAndMove(
        _ control: Int32, atMost wait: Duration?, _ buffer: UnsafeMutableRawBufferPointer
    ) -> Bool {
        // poll passes over a descriptor of -1.
        var watched = [
            pollfd(fd: control, events: Int16(POLLIN), revents: 0),
            pollfd(fd: fromOutput, events: Int16(POLLIN), revents: 0),
            pollfd(fd: fromErrors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
        ]
        // Rounded up, so that the time has come when it returns.
        let milliseconds = wait.map { Int32(clamping: Int64($0 / .milliseconds(1)) + 1) } ?? -1
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return false }
        if watched[1].revents != 0, !readOutput(buffer) { Self.close(&fromOutput) }
        if watched[2].revents != 0, !readErrors(buffer) { Self.close(&fromErrors) }
        if watched[3].revents != 0 { write() }
        return watched[0].revents != 0
    }

    /// All writers have gone: what is in the pipes is the rest.
    mutating func readRest(_ buffer: UnsafeMutableRawBufferPointer) {
        var left = Self.restReads
        while fromOutput >= 0, left > 0, readOutput(buffer, untilEmpty: true) { left -= 1 }
        left = Self.restReads
        while fromErrors >= 0, left > 0, readErrors(buffer, untilEmpty: true) { left -= 1 }
    }

    /// False at its end, or where nothing is there now if `untilEmpty`.
    private mutating func readOutput(_ buffer: UnsafeMutableRawBufferPointer, untilEmpty: Bool = false) -> Bool {
        guard let chunk = Self.read(fromOutput, buffer) else { return false }
        output.append(chunk)
        return !(untilEmpty && chunk.isEmpty)
    }

    private mutating func readErrors(_ buffer: UnsafeMutableRawBufferPointer, untilEmpty: Bool = false) -> Bool {
        guard let chunk = Self.read(fromErrors, buffer) else { return false }
        errors.append(chunk)
        return !(untilEmpty && chunk.isEmpty)
    }

    /// Nil at the end; empty when there is nothing now.
    private static func read(_ end: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        let count = Glibc.read(end, buffer.baseAddress, buffer.count)
        if count > 0 { return UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
        let isEmpty = count < 0 && (errno == EAGAIN || errno == EINTR)
        return isEmpty ? UnsafeRawBufferPointer(rebasing: buffer[..<0]) : nil
    }

    private mutating func write() {
        let count = unwritten.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
        if count >= 0 {
            unwritten = unwritten.dropFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            // A command need not read all that it is given.
            unwritten = []
        }
        if unwritten.isEmpty { Self.close(&input) }
    }

    private static func pipe() throws(SystemFailure) -> (reads: Int32, writes: Int32) {
        var ends: [Int32] = [-1, -1]
        guard cco_pipe(&ends) == 0 else { throw SystemFailure("a pipe", errno) }
        return (ends[0], ends[1])
    }

    private static func unblock(_ end: Int32) throws(SystemFailure) {
        guard cco_set_nonblocking(end) == 0 else { throw SystemFailure("a pipe", errno) }
    }

    private static func close(_ end: inout Int32) {
        guard end >= 0 else { return }
        Glibc.close(end)
        end = -1
    }
}

/// A system call that failed, in words.
struct SystemFailure: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ failure: Int32) { description = "\(what): \(String(cString: strerror(failure)))" }
}
