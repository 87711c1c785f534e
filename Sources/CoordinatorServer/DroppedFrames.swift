import Logging
import Synchronization

/// Counts frames that no program of ours would send, on all endpoints together; told at each doubling, so that garbage fills no log.
final class DroppedFrames: Sendable {
    private let total = Atomic<UInt64>(0)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    var count: UInt64 { total.load(ordering: .relaxed) }

    func drop(_ why: String) {
        let dropped = total.add(1, ordering: .relaxed).newValue
        guard dropped.nonzeroBitCount == 1 else { return }
        logger.warning("frame dropped (told at each doubling)", metadata: ["why": "\(why)", "dropped": "\(dropped)"])
    }
}
