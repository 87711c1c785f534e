/// What a streamed message has used, read from its events beside their way to the caller.
struct StreamUsage: Sendable {
    /// Bytes of text that stand for a token until the service says how many there were.
    static let bytesPerToken: UInt64 = 4

    /// Something that is told at once.
    enum News: Hashable, Sendable {
        case started, grew
    }

    private var reader = EventReader()
    private var stated = CallUsage()
    private var writtenBytes: UInt64 = 0
    private var hasFinalOutput = false

    /// The name of the error that came as an event; empty: none.
    private(set) var errorType = ""
    /// Usage that was ignored, because it can't be.
    private(set) var nonsense = 0
    /// The message's own end came, or an error in its place.
    private(set) var hasEnded = false

    /// As the service said it; where it has not said the end's figure, what was written so far counts.
    var usage: CallUsage {
        guard !hasFinalOutput else { return stated }
        var usage = stated
        let written = writtenBytes / Self.bytesPerToken
        if written > 0 || stated.output != nil { usage.output = max(stated.output ?? 0, written) }
        return usage
    }

    /// Reads on; the most telling of what happened.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> News? {
        var news: News?
        var events: [StreamEventFacts] = []
        reader.feed(bytes) { events.append($0) }
        for event in events {
            guard let next = take(event) else { continue }
            if news != .started { news = next }
        }
        return news
    }

    private mutating func take(_ event: StreamEventFacts) -> News? {
        nonsense += event.messageUsage.nonsense + event.usage.nonsense
        switch event.type {
        case "message_start":
            stated.input = event.messageUsage.limitedInput
            stated.cacheRead = event.messageUsage.cacheRead ?? 0
            stated.cacheCreation = event.messageUsage.cacheCreation ?? 0
            stated.output = event.messageUsage.output
            return .started
        case "content_block_delta":
            writtenBytes += UInt64(event.writtenBytes)
            return .grew
        case "message_delta":
            if stated.input == nil { stated.input = event.usage.limitedInput }
            guard let output = event.usage.output else { return nil }
            guard output >= stated.output ?? 0 else {
                // The figure is cumulative: it can't fall.
                nonsense += 1
                return nil
            }
            stated.output = output
            hasFinalOutput = true
            return .grew
        case "message_stop": hasEnded = true
        case "error":
            hasEnded = true
            errorType = event.errorType
        default: break
        }
        return nil
    }
}

/// What the gateway wants to know of one event.
struct StreamEventFacts: Hashable, Sendable {
    var type = ""
    var errorType = ""
    var messageUsage = UsageFields()
    var usage = UsageFields()
    var writtenBytes = 0

    mutating func take(_ path: JSONPath, _ value: JSONScanner.Value) {
        switch (path, value) {
        case (.type, .string(let name, _)): type = String(decoding: name, as: UTF8.self)
        case (.errorType, .string(let name, _)): errorType = String(decoding: name, as: UTF8.self)
        case (.deltaText, .string(_, let length)), (.deltaThinking, .string(_, let length)),
            (.deltaJSON, .string(_, let length)):
            writtenBytes += length
        default:
            messageUsage.take(path, value, under: [.message])
            usage.take(path, value, under: [])
        }
    }
}
