import Glibc

/// Splits server-sent events and reads the JSON of each as it comes, so that no event is kept, however long.
struct EventReader: Sendable {
    private enum Place: Sendable {
        /// In the name of a line's field, of which these bytes are known.
        case name([UInt8])
        /// In the text of `data`; at its begin a space is skipped.
        case data(isFirst: Bool)
        case skipped
    }

    /// Longer than any field's name.
    private static let mostNameBytes = 8

    private var place = Place.name([])
    private var lastWasReturn = false
    private var scanner = JSONScanner()
    private var facts = StreamEventFacts()
    private var hasData = false

    /// Reads on; `ended` is told each event whose blank line came.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, ended: (StreamEventFacts) -> Void) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A || byte == 0x0D {
                // Both together are one end of a line.
                if !(byte == 0x0A && lastWasReturn) { endLine(ended) }
                lastWasReturn = byte == 0x0D
                index += 1
                continue
            }
            lastWasReturn = false
            switch place {
            case .name(let name):
                if byte == 0x3A {
                    if name == Array("data".utf8) {
                        place = .data(isFirst: true)
                    } else {
                        place = .skipped
                    }
                } else {
                    place = name.count < Self.mostNameBytes ? .name(name + [byte]) : .skipped
                }
                index += 1
            case .data(let isFirst):
                let end = Self.lineEnd(bytes, from: index)
                let start = isFirst && byte == 0x20 ? index + 1 : index
                feedData(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                place = .data(isFirst: false)
                index = end
            case .skipped: index = Self.lineEnd(bytes, from: index)
            }
        }
    }

    private mutating func feedData(_ bytes: UnsafeRawBufferPointer) {
        hasData = true
        var facts = facts
        scanner.feed(bytes) { facts.take($0, $1) }
        self.facts = facts
    }

    private mutating func endLine(_ ended: (StreamEventFacts) -> Void) {
        defer { place = .name([]) }
        guard case .name(let name) = place, name.isEmpty else { return }
        // A blank line. An event whose JSON is not whole says nothing.
        if hasData, scanner.isWhole { ended(facts) }
        scanner = JSONScanner()
        facts = StreamEventFacts()
        hasData = false
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        let newline = memchr(base + start, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - base } ?? bytes.count
        return memchr(base + start, 0x0D, newline - start).map { UnsafeRawPointer($0) - base } ?? newline
    }
}
