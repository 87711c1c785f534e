import ClusterModel

/// The tasks of a measurement: prompts of a fixed size that differ, so that an answer can be checked against its own.
enum BenchTasks {
    /// Bytes of a prompt: room for its number, and small enough to stay in the message.
    static let payloadRange = 8...Limits.inlineContentBytes

    /// The options of a `noop` job.
    static let noop = [TaskOptions(runner: "noop")]

    /// The prompt of the task at `index`: the number, then filling, `bytes` in all.
    static func prompt(_ index: UInt32, bytes: Int) -> String {
        String(unsafeUninitializedCapacity: bytes) { buffer in
            buffer.initialize(repeating: UInt8(ascii: "."))
            var rest = index
            var place = min(bytes, 8)
            repeat {
                place -= 1
                buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0 && place > 0
            return bytes
        }
    }

    /// Tasks one after the other, in a closure that belongs to no actor.
    static func sequence(_ count: Int, bytes: Int) -> () async throws -> TaskSpec? {
        var index: UInt32 = 0
        return {
            guard index < UInt32(count) else { return nil }
            defer { index += 1 }
            return TaskSpec(prompt: .text(prompt(index, bytes: bytes)))
        }
    }
}
