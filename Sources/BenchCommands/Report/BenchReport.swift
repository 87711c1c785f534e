import ClusterModel
import Foundation

/// A measurement as one line of JSON, its fields in the order in which they are added: first what was set, then what was found.
struct BenchReport {
    private var fields: [String] = []

    /// - Parameter name: the verb that was measured.
    init(_ name: String, _ options: BenchOptions) {
        add("bench", name)
        add("version", Product.version)
        #if DEBUG
            add("build", "debug")
        #else
            add("build", "release")
        #endif
        add("cpus", sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        add("directory", options.scratchParent)
        add("durability", options.durability.rawValue)
    }

    mutating func add(_ key: String, _ text: String) {
        // No text of ours needs more than quotes.
        fields.append("\"\(key)\":\"\(text.filter { $0 != "\"" && $0 != "\\" })\"")
    }

    mutating func add(_ key: String, _ number: some BinaryInteger) { fields.append("\"\(key)\":\(number)") }

    mutating func add(_ key: String, _ number: Double) { fields.append("\"\(key)\":\(Self.text(number))") }

    mutating func add(_ key: String, _ numbers: [Double]) {
        fields.append("\"\(key)\":[\(numbers.map(Self.text).joined(separator: ","))]")
    }

    /// `KEY_count`, `KEY_p50_ms`, `KEY_p99_ms`, `KEY_max_ms`.
    mutating func add(_ key: String, _ latencies: Latencies) {
        add("\(key)_count", latencies.count)
        add("\(key)_p50_ms", latencies.milliseconds(atPercentile: 50))
        add("\(key)_p99_ms", latencies.milliseconds(atPercentile: 99))
        add("\(key)_max_ms", latencies.milliseconds(atPercentile: 100))
    }

    /// The whole object.
    var line: String { "{" + fields.joined(separator: ",") + "}" }

    func print() { Swift.print(line) }

    /// Four digits that count, and never an exponent; what is no number is null.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        let digits = number == 0 ? 0 : max(0, 3 - Int(log10(abs(number)).rounded(.down)))
        return String(format: "%.\(min(digits, 6))f", number)
    }
}

extension [Double] {
    /// The one in the middle, or the mean of the two there; 0 of none.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        let middle = count / 2
        return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
