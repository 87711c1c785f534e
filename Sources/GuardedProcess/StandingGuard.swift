import ClusterModel
import Glibc
import SystemShims

/// A guard that runs one command after the other, each started by a message: a command of a millisecond is not worth a guard of its own,
/// whose start costs as much.
///
/// One thread uses it; ``tell(_:)`` alone may come from any, until ``end(atOnce:)`` is called.
public final class StandingGuard: Sendable {
    /// Readable when there is something for ``report()``.
    public let control: Int32
    private let pid: Int32

    /// Starts the guard.
    ///
    /// - Throws: ``GuardTrouble`` when it can't be started.
    public init(_ launch: GuardLaunch) throws(GuardTrouble) {
        var ends: [Int32] = [-1, -1]
        guard cco_socket_pair(&ends) == 0 else { throw GuardTrouble("a socket", errno) }
        defer { close(ends[1]) }
        var pid: pid_t = 0
        let arguments = CStrings([launch.guardPath] + launch.standing)
        let result = arguments.withPointers { words in
            CStrings([]).withPointers { cco_spawn_with_input(launch.guardPath, words, $0, ends[1], &pid) }
        }
        guard result == 0 else {
            let failure = errno
            close(ends[0])
            throw GuardTrouble("cc-guard at \(launch.guardPath)", failure)
        }
        control = ends[0]
        self.pid = pid
    }

    /// Starts a command. Its streams are handed over: the caller closes its own copies of them.
    ///
    /// - Parameters:
    ///   - command: The program, by a path, and its arguments; none of these words holds a NUL.
    ///   - environment: Everything the command gets, but the marker.
    ///   - streams: Standard input, output and errors.
    /// - Throws: ``GuardTrouble`` when the guard has gone; then the command was not started.
    public func start(
        _ command: [String], environment: [String: String], directory: String, streams: [Int32]
    ) throws(GuardTrouble) {
        var strings: [UInt8] = []
        func add(_ word: String) {
            strings += word.utf8
            strings.append(0)
        }
        add(directory)
        for word in command { add(word) }
        for (name, value) in environment { add("\(name)=\(value)") }
        // Both programs are of this machine: numbers travel as they lie in memory, as in guard.h.
        var header: [UInt32] = [1, UInt32(strings.count), UInt32(command.count), UInt32(environment.count)]
        let count = header.count * MemoryLayout<UInt32>.size
        guard cco_send_files(control, &header, count, streams, Int32(streams.count), 1) == count else {
            throw GuardTrouble("the message to cc-guard", errno)
        }
        var sent = 0
        while sent < strings.count {
            let more = strings.withUnsafeBytes { bytes in
                cco_send_files(control, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, nil, 0, 1)
            }
            guard more > 0 else { throw GuardTrouble("the message to cc-guard", errno) }
            sent += more
        }
    }

    /// Tells it about the command that runs. After the command's end it changes nothing.
    public func tell(_ signal: GuardSignal) {
        if signal == .killGuard { return signal.send(to: pid) }
        var header: [UInt32] = [signal == .terminate ? 2 : 3, 0, 0, 0]
        // It fails only where the guard has gone, which the reader of its reports is told.
        _ = cco_send_files(control, &header, header.count * MemoryLayout<UInt32>.size, nil, 0, 0)
    }

    /// What it says; waits until it does. Nil: it has gone without a word.
    public func report() -> GuardReport? {
        // It writes a line at once, and the next only when it is asked again.
        var bytes = [UInt8](repeating: 0, count: 256)
        var count: Int
        repeat { count = recv(control, &bytes, bytes.count, 0) } while count < 0 && errno == EINTR
        guard count > 0 else { return nil }
        return GuardReport(line: String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Ends it with all that it runs, and waits for that.
    ///
    /// - Parameter atOnce: It may not answer any more: it is killed.
    public func end(atOnce: Bool = false) {
        if atOnce { GuardSignal.killGuard.send(to: pid) }
        close(control)
        var status: Int32 = 0
        // It is this process's child and nobody else reaps it, so this ends with it.
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    }
}

/// A guard that can't be started, or has gone.
public struct GuardTrouble: Error, CustomStringConvertible {
    /// What failed and why.
    public let description: String

    init(_ what: String, _ failure: Int32) { description = "\(what): \(String(cString: strerror(failure)))" }
}

/// Strings as system calls take them: pointers, the last one null.
private struct CStrings {
    private let strings: [String]

    init(_ strings: [String]) { self.strings = strings }

    func withPointers<Result>(_ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
