import ClusterModel
import ClusterWire

/// The result of a `noop` task: its prompt as the answer. Written by hand, because a benchmark must measure the queue and not this.
enum NoopResult {
    static func bytes(_ token: AttemptToken, answer: Content, at time: WallTime) throws -> [UInt8] {
        guard case .text(var text) = answer else {
            return try AttemptResult(
                token: token, state: .succeeded, answer: answer, startedAt: time, finishedAt: time
            ).proto.serializedBytes()
        }
        return text.withUTF8 { encode(token, $0, at: time) }
    }

    private static func encode(_ token: AttemptToken, _ text: UnsafeBufferPointer<UInt8>, at time: WallTime) -> [UInt8]
    {
        let milliseconds = UInt64(bitPattern: time.milliseconds)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(72 + text.count)
        // 1, token: its length is put in afterwards, since it is one byte.
        bytes.append(1 << 3 | 2)
        bytes.append(0)
        if token.store.rawValue != 0 {
            bytes.append(1 << 3 | 1)
            withUnsafeBytes(of: token.store.rawValue.littleEndian) { bytes.append(contentsOf: $0) }
        }
        field(2, UInt64(token.task.job.rawValue), to: &bytes)
        field(3, UInt64(token.task.index), to: &bytes)
        field(4, UInt64(token.attempt), to: &bytes)
        bytes[1] = UInt8(bytes.count - 2)
        // 2, state: succeeded.
        field(2, 1, to: &bytes)
        // 3, answer, and in it 1, text.
        bytes.append(3 << 3 | 2)
        ResultFrame.append(UInt64(1 + ResultFrame.size(UInt64(text.count)) + text.count), to: &bytes)
        bytes.append(1 << 3 | 2)
        ResultFrame.append(UInt64(text.count), to: &bytes)
        bytes.append(contentsOf: text)
        // 6, usage: there, and nothing was used.
        bytes.append(6 << 3 | 2)
        bytes.append(0)
        field(10, milliseconds, to: &bytes)
        field(11, milliseconds, to: &bytes)
        return bytes
    }

    /// A number that is 0 is not written.
    private static func field(_ number: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
        guard value != 0 else { return }
        bytes.append(number << 3)
        ResultFrame.append(value, to: &bytes)
    }
}
