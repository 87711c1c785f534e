import ClusterModel
import ClusterWire

/// Results that are on disk and that the coordinator hasn't acknowledged: what is sent, and sent again.
struct ResultQueue {
    typealias Message = Ccorchestrator_V1_AttemptResult

    private struct Entry {
        var message: Message
        var bytes: Int
        var lastSent: Instant?
        /// Its content is over what travels inline: it goes ahead as a blob.
        var needsUpload: Bool
    }

    /// A result is sent again when nothing was heard of it for so long.
    static let repeatAfter: Milliseconds = .seconds(5)
    private var entries: [AttemptToken: Entry] = [:]
    /// Oldest first; holds forgotten tokens until it is swept.
    private var order: [AttemptToken] = []

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ token: AttemptToken, _ message: Message) throws {
        let entry = Entry(message: message, bytes: try Self.size(message), needsUpload: Self.isOversize(message))
        if entries.updateValue(entry, forKey: token) == nil { order.append(token) }
    }

    /// Its content is with the coordinator; `message` names it by hash.
    mutating func uploaded(_ token: AttemptToken, _ message: Message) throws {
        guard entries[token] != nil else { return }
        entries[token] = Entry(message: message, bytes: try Self.size(message), needsUpload: Self.isOversize(message))
    }

    mutating func remove(_ token: AttemptToken) {
        entries[token] = nil
        if order.count > 2 * entries.count + 64 { order.removeAll { entries[$0] == nil } }
    }

    /// A new session: everything is to be sent again.
    mutating func sessionBegan() {
        for token in order { entries[token]?.lastSent = nil }
    }

    /// What fits into one frame and is due; empty when nothing is.
    mutating func nextBatch(at now: Instant, maximumBytes: Int = Limits.frameFillBytes) -> [Message] {
        var batch: [Message] = []
        var bytes = 0
        for token in order where batch.count < Limits.tasksPerMessage {
            guard let entry = entries[token], !entry.needsUpload else { continue }
            if let sent = entry.lastSent, sent + Self.repeatAfter > now { continue }
            if !batch.isEmpty, bytes + entry.bytes > maximumBytes { break }
            bytes += entry.bytes
            entries[token]?.lastSent = now
            batch.append(entry.message)
        }
        return batch
    }

    /// The oldest that must go as a blob first.
    func nextUpload() -> (token: AttemptToken, message: Message)? {
        for token in order {
            if let entry = entries[token], entry.needsUpload { return (token, entry.message) }
        }
        return nil
    }

    /// The field's key and length are in it.
    private static func size(_ message: Message) throws -> Int {
        let bytes: [UInt8] = try message.serializedBytes()
        return bytes.count + 8
    }

    private static func isOversize(_ message: Message) -> Bool {
        message.answer.text.utf8.count > Limits.inlineContentBytes
            || message.structured.text.utf8.count > Limits.inlineContentBytes
    }
}
