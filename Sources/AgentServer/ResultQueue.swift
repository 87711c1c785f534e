import AgentOutbox
import ClusterModel
import ClusterWire

/// Results that are on disk and that the coordinator hasn't acknowledged: what is sent, and sent again.
///
/// They are kept as the bytes that travel, written once. Frames that were sent are remembered as a whole, so that an acknowledgement costs one look.
struct ResultQueue {
    typealias Message = Ccorchestrator_V1_AttemptResult

    private struct Entry {
        var bytes: [UInt8]
        /// The number of the frame that carried it last; 0: none in this session.
        var frame: UInt64
        /// Its content is over what travels inline: it goes ahead as a blob.
        var needsUpload: Bool
    }

    private struct Frame {
        var sentAt: Instant
        var tokens: [AttemptToken]
        /// Of these, how many are still unacknowledged and not sent again.
        var live: Int
    }

    /// A result is sent again when nothing was heard of it for so long.
    static let repeatAfter: Milliseconds = .seconds(5)
    /// Results that name a conversation which the coordinator doesn't have yet.
    var carryingTranscript: Set<AttemptToken> = []
    private var entries: [AttemptToken: Entry] = [:]
    /// Not sent in this session, oldest first; may name forgotten ones.
    private var waiting = Fifo<AttemptToken>()
    private var frames = Fifo<Frame>()
    private var firstFrame: UInt64 = 1
    /// Those that go as a blob first, oldest first.
    private var large: [AttemptToken] = []

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    func contains(_ token: AttemptToken) -> Bool { entries[token] != nil }

    mutating func add(_ results: [OutboxEntry]) throws {
        for result in results {
            let isOversize = try Self.isOversize(result.bytes)
            let needsUpload = isOversize || carryingTranscript.contains(result.token)
            if let old = entries.updateValue(
                Entry(bytes: result.bytes, frame: 0, needsUpload: needsUpload), forKey: result.token)
            {
                leave(frame: old.frame)
            }
            if needsUpload { large.append(result.token) } else { waiting.append(result.token) }
        }
    }

    /// Its content is with the coordinator; `message` names it by hash.
    mutating func uploaded(_ token: AttemptToken, _ message: Message) throws {
        guard entries[token] != nil else { return }
        large.removeAll { $0 == token }
        carryingTranscript.remove(token)
        try add([OutboxEntry(token: token, bytes: try message.serializedBytes())])
    }

    mutating func remove(_ tokens: [AttemptToken]) {
        for token in tokens {
            guard let entry = entries.removeValue(forKey: token) else { continue }
            leave(frame: entry.frame)
            if !carryingTranscript.isEmpty { carryingTranscript.remove(token) }
            if entry.needsUpload { large.removeAll { $0 == token } }
        }
    }

    /// A new session: everything is to be sent again.
    mutating func sessionBegan() { sendAgain { _ in true } }

    /// What fits into one frame and is due; empty when nothing is.
    mutating func nextBatch(at now: Instant, maximumBytes: Int = Limits.frameFillBytes) -> [OutboxEntry] {
        sendAgain { $0.sentAt + Self.repeatAfter <= now }
        var batch: [OutboxEntry] = []
        var tokens: [AttemptToken] = []
        var bytes = 0
        let number = firstFrame + UInt64(frames.count)
        while batch.count < Limits.tasksPerMessage, let token = waiting.first {
            guard let place = entries.index(forKey: token), entries.values[place].frame == 0 else {
                _ = waiting.popFirst()
                continue
            }
            let entry = entries.values[place]
            let size = entry.bytes.count + ResultFrame.bytesPerResult
            if !batch.isEmpty, bytes + size > maximumBytes { break }
            bytes += size
            entries.values[place].frame = number
            batch.append(OutboxEntry(token: token, bytes: entry.bytes))
            tokens.append(token)
            _ = waiting.popFirst()
        }
        if !batch.isEmpty { frames.append(Frame(sentAt: now, tokens: tokens, live: tokens.count)) }
        return batch
    }

    /// The oldest that must go as a blob first.
    func nextUpload() throws -> (token: AttemptToken, message: Message)? {
        guard let token = large.first, let entry = entries[token] else { return nil }
        return (token, try Message(serializedBytes: entry.bytes))
    }

    private mutating func sendAgain(_ isDue: (Frame) -> Bool) {
        var again: [AttemptToken] = []
        while let frame = frames.first, isDue(frame) {
            for token in frame.tokens where entries[token]?.frame == firstFrame {
                entries[token]?.frame = 0
                again.append(token)
            }
            _ = frames.popFirst()
            firstFrame += 1
        }
        if !again.isEmpty { waiting.prepend(again) }
    }

    /// One less of what that frame carried is waited for.
    private mutating func leave(frame number: UInt64) {
        guard number >= firstFrame else { return }
        frames[Int(number - firstFrame)].live -= 1
        while let first = frames.first, first.live == 0 {
            _ = frames.popFirst()
            firstFrame += 1
        }
    }

    /// Whether the key of the field `workspace` is among these bytes: most results have none, and are not read for it.
    private static func mayHoldWorkspace(_ bytes: [UInt8]) -> Bool {
        let field = 30
        let key = [UInt8(truncatingIfNeeded: (field << 3) | 2) | 0x80, UInt8((field << 3) >> 7)]
        return bytes.indices.dropLast().contains { bytes[$0] == key[0] && bytes[$0 + 1] == key[1] }
    }

    private static func isOversize(_ bytes: [UInt8]) throws -> Bool {
        guard bytes.count > Limits.inlineContentBytes || mayHoldWorkspace(bytes) else { return false }
        let message = try Message(serializedBytes: bytes)
        let kept = message.hasWorkspace ? [message.workspace.patch] + message.workspace.artifacts : []
        return kept.contains { !$0.raw.isEmpty } || message.answer.text.utf8.count > Limits.inlineContentBytes
            || message.structured.text.utf8.count > Limits.inlineContentBytes
    }
}
