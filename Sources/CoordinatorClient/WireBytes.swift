import ClusterModel
import ClusterWire

/// Protobuf's bytes, appended without a message in between: a submit of a million tasks would make and drop as many of them.
/// The messages of ClusterWire are the rule; a test holds these bytes to theirs.
enum WireBytes {
    /// A field's number and kind.
    static func appendTag(_ field: UInt32, isVarint: Bool, to out: inout [UInt8]) {
        appendVarint(UInt64(field << 3 | (isVarint ? 0 : 2)), to: &out)
    }

    static func appendVarint(_ number: UInt64, to out: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    /// A number that is not 0; a 0 needs no bytes.
    static func append(_ field: UInt32, _ number: UInt64, to out: inout [UInt8]) {
        guard number != 0 else { return }
        appendTag(field, isVarint: true, to: &out)
        appendVarint(number, to: &out)
    }

    static func append(_ field: UInt32, bytes: [UInt8], to out: inout [UInt8]) {
        appendTag(field, isVarint: false, to: &out)
        appendVarint(UInt64(bytes.count), to: &out)
        out.append(contentsOf: bytes)
    }

    /// A text; an empty one needs no bytes.
    static func append(_ field: UInt32, _ text: String, to out: inout [UInt8]) {
        guard !text.isEmpty else { return }
        appendTag(field, isVarint: false, to: &out)
        appendVarint(UInt64(text.utf8.count), to: &out)
        out.append(contentsOf: text.utf8)
    }

    static func varintCount(_ number: UInt64) -> Int { max(1, (70 - (number | 1).leadingZeroBitCount) / 7) }

    /// What a text takes in a field whose tag is of `tag` bytes.
    static func count(_ text: String, tag: Int = 1) -> Int {
        text.isEmpty ? 0 : tag + varintCount(UInt64(text.utf8.count)) + text.utf8.count
    }
}

extension TaskSpec {
    /// Appends the task as it stands in a submit's list of tasks (field 6).
    /// - Returns: False, and nothing is appended, if it takes more than `room`.
    func append(to out: inout [UInt8], room: Int) throws -> Bool {
        guard case .text(let prompt) = prompt, after.isEmpty, fork.isEmpty else {
            // Long prompts and links are few: their messages do.
            let bytes: [UInt8] = try proto.serializedBytes()
            guard bytes.count + 4 <= room else { return false }
            WireBytes.append(6, bytes: bytes, to: &out)
            return true
        }
        let promptCount = prompt.utf8.count
        let content = 1 + WireBytes.varintCount(UInt64(promptCount)) + promptCount
        let count =
            1 + WireBytes.varintCount(UInt64(content)) + content + WireBytes.count(name)
            + (options == 0 ? 0 : 1 + WireBytes.varintCount(UInt64(options))) + WireBytes.count(input)
            + WireBytes.count(context, tag: 2)
        guard count + 4 <= room else { return false }
        WireBytes.appendTag(6, isVarint: false, to: &out)
        WireBytes.appendVarint(UInt64(count), to: &out)
        WireBytes.appendTag(1, isVarint: false, to: &out)
        WireBytes.appendVarint(UInt64(content), to: &out)
        // Written even when it is empty: an empty text is no prompt, and the coordinator says so.
        WireBytes.appendTag(1, isVarint: false, to: &out)
        WireBytes.appendVarint(UInt64(promptCount), to: &out)
        out.append(contentsOf: prompt.utf8)
        WireBytes.append(2, name, to: &out)
        WireBytes.append(3, UInt64(options), to: &out)
        WireBytes.append(4, input, to: &out)
        WireBytes.append(30, context, to: &out)
        return true
    }
}
