import Foundation

/// Prints a benchmark's result: one JSON object on one line.
enum Figures {
    static func print(_ fields: [String: Any]) throws {
        let data = try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return sorted.count % 2 == 1
            ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
    }

    static func rounded(_ value: Double, _ digits: Int = 1) -> Double {
        let scale = pow(10, Double(digits))
        return (value * scale).rounded() / scale
    }
}

/// Lengths of time that were measured, in milliseconds.
struct Durations {
    /// More are not kept: the first ones stand for the rest.
    static let kept = 2_000_000
    private(set) var values: [Double] = []

    mutating func add(_ seconds: Double) { if values.count < Self.kept { values.append(seconds * 1000) } }

    func fields(_ name: String) -> [String: Any] {
        let sorted = values.sorted()
        func at(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : Figures.rounded(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))], 3)
        }
        return [
            "\(name)_p50_ms": at(0.5), "\(name)_p99_ms": at(0.99), "\(name)_max_ms": at(1),
            "\(name)_count": sorted.count,
        ]
    }
}

/// A monotonic clock in seconds.
func monotonicSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
