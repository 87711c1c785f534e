/// The last bytes of a stream.
struct TailBuffer {
    let limitBytes: Int
    private var bytes: [UInt8] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: chunk.suffix(limitBytes))
        // Trimmed at twice the limit, so that a byte is moved once on average.
        if bytes.count > 2 * limitBytes { bytes.removeFirst(bytes.count - limitBytes) }
    }

    /// What is kept, as text; a character cut at the front is replaced.
    var text: String { String(decoding: bytes.suffix(limitBytes), as: UTF8.self) }
}
