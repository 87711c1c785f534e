import Foundation

/// The newest request bodies, so that a test can ask how many of them held a text.
struct BodyKeeper: Sendable {
    /// How many bodies are kept.
    static let mostBodies = 2_000
    /// How much of each is kept, in bytes.
    static let mostBytes = 256 * 1024

    private var bodies: [Data] = []
    private var next = 0
    private(set) var total = 0

    var kept: [Data] { bodies }

    mutating func keep(_ body: Data) {
        total += 1
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
}
