/// The first bytes of a stream; the rest is counted and dropped.
struct HeadBuffer: Sendable {
    let limitBytes: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isCut = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        let room = limitBytes - bytes.count
        bytes.append(contentsOf: chunk.prefix(room))
        if chunk.count > room { isCut = true }
    }

    /// As text; a character that the cut tore is left out.
    var text: String {
        guard isCut else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.dropLast(Self.tornBytes(bytes)), as: UTF8.self)
    }

    /// Bytes at the end that begin a character and don't finish it.
    private static func tornBytes(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let byte = bytes[bytes.count - count]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? count : 0
        }
        return 0
    }
}
