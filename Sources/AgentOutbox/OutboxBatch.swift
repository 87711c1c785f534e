import ClusterModel

/// Results that share one row of the file: what was appended together, cut into pieces that are cheap to write again.
struct OutboxBatch {
    /// Of one row. A row that was acknowledged in part is written again without that part, so it must not be large.
    static let maximumEntries = 128
    static let maximumBytes = 64 * 1024

    var entries: [OutboxEntry]
    /// Not acknowledged.
    var live: Int
    var isWritten = false

    init(_ entries: [OutboxEntry]) {
        self.entries = entries
        live = entries.count
    }

    /// Pieces in order, each with at least one entry.
    static func pieces(of entries: [OutboxEntry]) -> [[OutboxEntry]] {
        var pieces: [[OutboxEntry]] = []
        var first = 0
        var bytes = 0
        for (index, entry) in entries.enumerated() {
            if index > first, index - first >= maximumEntries || bytes + entry.bytes.count > maximumBytes {
                pieces.append(Array(entries[first..<index]))
                first = index
                bytes = 0
            }
            bytes += entry.bytes.count
        }
        if first < entries.count { pieces.append(Array(entries[first...])) }
        return pieces
    }

    // MARK: As bytes

    /// Store, task, attempt and length, each little-endian.
    private static let headerBytes = 8 + 8 + 4 + 4

    static func pack(_ entries: some Collection<OutboxEntry>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + headerBytes + $1.bytes.count })
        for entry in entries {
            append(entry.token.store.rawValue, to: &bytes)
            append(entry.token.task.packed, to: &bytes)
            append(entry.token.attempt, to: &bytes)
            append(UInt32(entry.bytes.count), to: &bytes)
            bytes.append(contentsOf: entry.bytes)
        }
        return bytes
    }

    /// Nil for bytes that are no batch.
    static func unpack(_ bytes: [UInt8]) -> [OutboxEntry]? {
        var entries: [OutboxEntry] = []
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= headerBytes else { return nil }
            let store: UInt64 = number(bytes, at: offset)
            let task: UInt64 = number(bytes, at: offset + 8)
            let attempt: UInt32 = number(bytes, at: offset + 16)
            let length: UInt32 = number(bytes, at: offset + 20)
            offset += headerBytes
            guard bytes.count - offset >= Int(length) else { return nil }
            let token = AttemptToken(
                store: StoreID(rawValue: store), task: TaskID(packed: task), attempt: attempt)
            entries.append(OutboxEntry(token: token, bytes: Array(bytes[offset..<offset + Int(length)])))
            offset += Int(length)
        }
        return entries
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Number {
        bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
}
