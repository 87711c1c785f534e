/// The last bytes of a stream.
public struct TailBuffer: Sendable {
    let limitBytes: Int
    private var bytes: [UInt8] = []

    /// Keeps at most so many bytes.
    public init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Takes what came last.
    public mutating func append(_ chunk: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: chunk.suffix(limitBytes))
        // Trimmed at twice the limit, so that a byte is moved once on average.
        if bytes.count > 2 * limitBytes { bytes.removeFirst(bytes.count - limitBytes) }
    }

    /// What is kept.
    public var kept: [UInt8] { Array(bytes.suffix(limitBytes)) }

    /// What is kept, as text; a character cut at the front is replaced.
    public var text: String { String(decoding: bytes.suffix(limitBytes), as: UTF8.self) }
}
