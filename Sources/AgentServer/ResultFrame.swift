import AgentOutbox

/// An `AgentMessage` with `AttemptResults`, put together from results that were serialised when they ended.
enum ResultFrame {
    /// What a result takes in a frame beside its own bytes: the field's key and its length.
    static let bytesPerResult = 8

    /// Keys of the fields, each with its wire type: AgentMessage.results, AttemptResults.session and .results.
    private static let resultsKey: UInt8 = 3 << 3 | 2
    private static let sessionKey: UInt8 = 1 << 3
    private static let resultKey: UInt8 = 2 << 3 | 2

    static func bytes(session: UInt64, _ results: [OutboxEntry]) -> [UInt8] {
        var length = session == 0 ? 0 : 1 + size(session)
        for result in results { length += 1 + size(UInt64(result.bytes.count)) + result.bytes.count }
        var frame: [UInt8] = []
        frame.reserveCapacity(1 + size(UInt64(length)) + length)
        frame.append(resultsKey)
        append(UInt64(length), to: &frame)
        if session != 0 {
            frame.append(sessionKey)
            append(session, to: &frame)
        }
        for result in results {
            frame.append(resultKey)
            append(UInt64(result.bytes.count), to: &frame)
            frame.append(contentsOf: result.bytes)
        }
        return frame
    }

    /// Bytes of a number as a varint.
    static func size(_ number: UInt64) -> Int { number == 0 ? 1 : (70 - number.leadingZeroBitCount) / 7 }

    static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
