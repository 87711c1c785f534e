import Foundation

/// The newest request bodies, so that a test can ask how many of them held a text.
struct BodyKeeper: Sendable {
    /// How many bodies are kept.
    static let mostBodies = 2_000
    /// How much of each is kept, in bytes.
    static let mostBytes = 256 * 1024

    /// How many mixed bodies are told word by word.
    static let mostMixed = 20

    private var bodies: [Data] = []
    private var next = 0
    private(set) var total = 0
    /// Bodies of which only the beginning is kept.
    private(set) var cut = 0

    var kept: [Data] { bodies }

    mutating func keep(_ body: Data) {
        total += 1
        if body.count > Self.mostBytes { cut += 1 }
        let part = Data(body.prefix(Self.mostBytes))
        if bodies.count < Self.mostBodies {
            bodies.append(part)
        } else {
            bodies[next] = part
            next = (next + 1) % Self.mostBodies
        }
    }

    /// How many of `bodies` hold `text`, as it is or as JSON writes it inside a string.
    static func count(_ bodies: [Data], containing text: String) throws -> Int {
        let plain = Data(text.utf8)
        guard !plain.isEmpty else { return bodies.count }
        let escaped = try JSONText.data(text).dropFirst().dropLast()
        return bodies.count { $0.range(of: plain) != nil || $0.range(of: escaped) != nil }
    }

    /// Which words that begin with a prefix the kept bodies hold.
    struct Mentions: Sendable {
        /// Bodies with no such word, with one, with several different ones.
        var without = 0, withOne = 0, withSeveral = 0
        /// Different words in all bodies.
        var words: Set<String> = []
        /// The words of the first bodies that hold several.
        var mixed: [[String]] = []
    }

    /// Looks through bodies for words of letters, digits, `-` and `_` that begin with `prefix`.
    static func mentions(_ bodies: [Data], of prefix: String) -> Mentions {
        let start = Data(prefix.utf8)
        var found = Mentions()
        guard !start.isEmpty else { return found }
        for body in bodies {
            var words: Set<String> = []
            var rest = body.startIndex..<body.endIndex
            while let hit = body.range(of: start, in: rest) {
                let tail = body[hit.upperBound...].prefix(while: isWordByte)
                words.insert(prefix + String(decoding: tail, as: UTF8.self))
                rest = tail.endIndex..<body.endIndex
            }
            found.words.formUnion(words)
            switch words.count {
            case 0: found.without += 1
            case 1: found.withOne += 1
            default:
                found.withSeveral += 1
                if found.mixed.count < mostMixed { found.mixed.append(words.sorted()) }
            }
        }
        return found
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
