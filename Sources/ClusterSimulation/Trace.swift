/// What happened, line by line: hashed always, kept only when someone wants to read it.
struct Trace {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var lines: [String] = []
    let isKept: Bool

    init(isKept: Bool) { self.isKept = isKept }

    /// FNV-1a over the line and its end.
    mutating func add(_ line: String) {
        var hash = hash
        for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        self.hash = (hash ^ 10) &* 0x100_0000_01B3
        if isKept { lines.append(line) }
    }
}
