/// How well the costs of one key's calls were foretold.
public struct EstimateScore: Hashable, Sendable {
    /// Calls whose true costs are known.
    public private(set) var calls: UInt64 = 0
    /// The sum of |true − estimated| ÷ true of their input, in thousandths.
    private(set) var inputErrors: UInt64 = 0
    /// Calls whose answer was not longer than what was taken for it.
    private(set) var within: UInt64 = 0

    /// Nothing is known.
    public init() {}

    /// As it was written down.
    init(calls: UInt64, inputErrors: UInt64, within: UInt64) {
        self.calls = calls
        self.inputErrors = inputErrors
        self.within = within
    }

    /// One call more. An error above tenfold counts as that.
    public mutating func add(estimatedInput: Int64, input: Int64, estimatedOutput: Int64, output: Int64) {
        calls += 1
        let difference = UInt64((Int128(input) - Int128(estimatedInput)).magnitude)
        inputErrors += UInt64(min(10_000, UInt128(difference) * 1000 / UInt128(max(1, input))))
        if output <= estimatedOutput { within += 1 }
    }

    /// Mean error of the input, in hundredths.
    public var inputErrorPercent: Int { calls == 0 ? 0 : Int((inputErrors / calls + 5) / 10) }
    /// Calls in a hundred whose answer was not longer than what was taken for it.
    public var outputWithinPercent: Int { calls == 0 ? 0 : Int(within * 100 / calls) }
}
