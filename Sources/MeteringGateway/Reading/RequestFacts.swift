/// What a call's body says of its cost, read as it arrives. A body that is no JSON object says nothing.
struct RequestFacts: Sendable {
    /// More output tokens than any model writes: such a word is not believed.
    static let mostOutput: UInt64 = 100_000_000

    private var scanner = JSONScanner()
    private var namedModel = ""
    private var allowedOutput: UInt64 = 0

    /// Empty: the body names none.
    var model: String { scanner.isWhole ? namedModel : "" }
    /// 0: the body does not say.
    var maxOutput: UInt64 { scanner.isWhole ? allowedOutput : 0 }

    /// Reads on.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var model: String?
        var output: UInt64?
        scanner.feed(bytes) { path, value in
            switch (path, value) {
            case (.model, .string(let name, let length)) where length == name.count:
                model = String(decoding: name, as: UTF8.self)
            case (.maxTokens, .word(let digits)): output = UsageNumber.read(digits, most: Self.mostOutput)
            default: break
            }
        }
        if let model { namedModel = model }
        if let output { allowedOutput = output }
    }
}

/// Numbers of tokens as JSON has them.
enum UsageNumber {
    /// More tokens than any call has.
    static let most: UInt64 = 1_000_000_000

    /// Nil for everything but a whole number from 0 to `most`.
    static func read(_ digits: [UInt8], most: UInt64 = UsageNumber.most) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(String(decoding: digits, as: UTF8.self)), number <= most
        else { return nil }
        return number
    }
}
