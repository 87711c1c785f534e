/// What a task asks of an agent's labels: `gpu` (there is such a label) or `gpu=a100` (with this value).
public struct LabelRule: Hashable, Sendable, CustomStringConvertible {
    /// The label's name.
    public var key: String
    /// The value it must have; nil: any.
    public var value: String?

    /// Everything as given.
    public init(key: String, value: String? = nil) {
        self.key = key
        self.value = value
    }

    /// Reads `key` or `key=value`; nil when there is no key.
    public init?(_ text: String) {
        guard let sign = text.firstIndex(of: "=") else {
            guard !text.isEmpty else { return nil }
            self.init(key: text)
            return
        }
        guard sign != text.startIndex else { return nil }
        self.init(key: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }

    /// Whether an agent with these labels has it.
    public func matches(_ labels: [String: String]) -> Bool {
        guard let found = labels[key] else { return false }
        return value == nil || value == found
    }

    /// As it is written.
    public var description: String { value.map { "\(key)=\($0)" } ?? key }
}
