import Foundation
import Logging
import Synchronization

/// Sends the process's log to standard error, one line a message.
public enum LogSetup {
    /// Sets the log of this process up. Call it once, before the first logger is made: swift-log traps on a second call.
    public static func bootstrap(level: Logger.Level, format: LogFormat) {
        let output = LogOutput(descriptor: STDERR_FILENO)
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, level: level, format: format) { output.write($0) }
        }
    }
}

/// A file descriptor that takes whole lines from any thread.
final class LogOutput: Sendable {
    private let descriptor: Int32
    private let lock = Mutex(())

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes a line in one call, so that lines of several processes on one terminal don't mix. Where nobody can take it, the line is lost:
    /// a program doesn't stop because its log does.
    func write(_ line: String) {
        lock.withLock { _ in
            var line = line
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while let base = rest.baseAddress, !rest.isEmpty {
                    let count = Foundation.write(descriptor, base, rest.count)
                    if count > 0 {
                        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                    } else if errno == EAGAIN {
                        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        guard poll(&state, 1, 100) > 0 else { return }
                    } else if errno != EINTR {
                        return
                    }
                }
            }
        }
    }
}
