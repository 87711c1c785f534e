/// Random numbers of one run: SplitMix64 (Steele, Lea, Flood 2014). All that is drawn follows from the seed.
struct Draw: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The same number for the same parts, whenever it is asked for.
    static func fixed(_ parts: UInt64...) -> UInt64 {
        parts.reduce(0x243F_6A88_85A3_08D3) { mix(($0 ^ $1) &+ 0x9E37_79B9_7F4A_7C15) }
    }

    /// From 0 to below `bound`. The bias of the remainder is of no account here, and it is the same everywhere.
    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }

    mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        high <= low ? low : low + Int64(next() % UInt64(high - low + 1))
    }

    mutating func permille(_ chance: Int) -> Bool { chance > 0 && below(1000) < chance }

    mutating func pick<T>(_ values: [T]) -> T? { values.isEmpty ? nil : values[below(values.count)] }
}

/// Moments and lengths of the simulation, in microseconds.
typealias Micros = Int64

extension Micros {
    static func ms(_ value: Int64) -> Micros { value * 1000 }
    static func s(_ value: Int64) -> Micros { value * 1_000_000 }
}
