import Foundation
import Synchronization
import UnixSignals

/// What must not outlive this program: its children and its scratch folder.
///
/// `exit` may be called at any moment, as on Ctrl-C; what is noted here is then ended by its pid and removed.
enum LeftOvers {
    private struct Noted {
        var processes: Set<pid_t> = []
        var folders: Set<String> = []
        var isArmed = false
    }

    private static let noted = Mutex(Noted())

    static func note(process: pid_t) {
        arm()
        noted.withLock { _ = $0.processes.insert(process) }
    }

    static func forget(process: pid_t) { noted.withLock { _ = $0.processes.remove(process) } }

    static func note(folder: String) {
        arm()
        noted.withLock { _ = $0.folders.insert(folder) }
    }

    static func forget(folder: String) { noted.withLock { _ = $0.folders.remove(folder) } }

    private static func arm() {
        let wasArmed = noted.withLock { noted in
            defer { noted.isArmed = true }
            return noted.isArmed
        }
        if !wasArmed { atexit { LeftOvers.end() } }
    }

    private static func end() {
        noted.withLock { noted in
            for process in noted.processes {
                kill(process, SIGKILL)
                waitpid(process, nil, 0)
            }
            for folder in noted.folders {
                do { try FileManager.default.removeItem(atPath: folder) } catch {
                    BenchTrouble.tell("\(folder) is left: \(error)")
                }
            }
            noted = Noted()
        }
    }

    /// Ends this program when it is told to end, with all that is noted; Ctrl-C is looked after already.
    static func endOnSignals() async -> Task<Void, Never> {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sighup)
        return Task {
            for await signal in signals { exit(signal == .sigterm ? 143 : 129) }
        }
    }
}

/// A folder of its own for a run; it goes with the run.
struct Scratch {
    let path: String

    init(in parent: String) throws {
        var template = Array("\(parent)/cco-bench-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw BenchError(
                "no scratch folder can be made in \(parent): \(String(cString: strerror(errno))); name another with --directory"
            )
        }
        path = String(cString: made)
        LeftOvers.note(folder: path)
        for folder in ["home", "log"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: false)
        }
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: path)
        LeftOvers.forget(folder: path)
    }
}
