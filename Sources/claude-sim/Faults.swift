import Glibc

/// Faults that a seed deals out over prompts, where CLAUDE_SIM_FAULTS says so: `SEED:PERMILLE`, or `SEED:PERMILLE:NAME,NAME…` for some of
/// them alone. A prompt meets its fault once: another try at it goes well. Which one it was lies in the folder of CLAUDE_SIM_STATE, as a
/// file `fault-NAME-HASH` that holds the prompt.
struct Faults {
    /// Names of steps, with what belongs to them.
    private static let all = [
        "hang", "crash", "garbage", "broken-line", "bigline:20", "die", "mute", "denied:Bash", "schema-fail",
        "split-utf8",
        "exit0-midturn",
    ]

    private let seed: UInt64
    private let permille: UInt64
    private let names: [String]

    /// As the environment says; nil: none.
    static let given: Faults? = getenv("CLAUDE_SIM_FAULTS").map { String(cString: $0) }.flatMap {
        $0.isEmpty ? nil : Faults($0)
    }

    private init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2)
        let hasFolder = getenv("CLAUDE_SIM_STATE").map { $0.pointee != 0 } ?? false
        guard parts.count >= 2, let seed = UInt64(parts[0]), let permille = UInt64(parts[1]), permille <= 1000,
            hasFolder
        else {
            StandardError.print(
                "claude-sim: CLAUDE_SIM_FAULTS=\(text) is not SEED:PERMILLE, or CLAUDE_SIM_STATE names no folder")
            exit(1)
        }
        self.seed = seed
        self.permille = permille
        names = parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : Self.all
    }

    /// The fault that this prompt meets now.
    func step(of prompt: String, seen: inout OnceMarks) -> Script.Step? {
        let draw = Self.mixed(OnceMarks.hash(prompt) ^ Self.mixed(seed))
        guard draw % 1000 < permille, !names.isEmpty else { return nil }
        let name = names[Int(draw / 1000 % UInt64(names.count))]
        let short = name.prefix { $0 != ":" }
        guard let step = Script.step(name[...]),
            seen.markFirst("fault-\(short)-\(String(OnceMarks.hash(prompt), radix: 16))", holding: prompt)
        else { return nil }
        return step
    }

    /// SplitMix64's finish: every bit of the result hangs on every bit of the number.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
