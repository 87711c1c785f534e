import NIOCore

/// A streamed answer as the Messages API sends it, and how a call asks for its length.
struct MessageStream {
    /// Its deltas.
    var events: Int
    /// They are spread over this time; 0: all come at once.
    var milliseconds: Int

    /// The last event.
    static let end = event("message_stop")
    /// The answer has begun and is charged.
    static let start =
        event(
            "message_start",
            #""message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-bench","content":[],"#
                + #""stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1000,"cache_creation_input_tokens":0,"#
                + #""cache_read_input_tokens":0,"output_tokens":1}}"#
        ) + event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
    /// A piece of text of the size that the API sends.
    static let delta = event(
        "content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"a piece of an answer, some words "}"#)

    /// All that comes behind the deltas.
    var closing: String {
        Self.event("content_block_stop", #""index":0"#)
            + Self.event(
                "message_delta",
                #""delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":\#(8 * events + 1)}"#
            )
            + Self.end
    }

    /// Path and query of a call that is answered with this.
    var target: String { "/v1/messages?events=\(events)&ms=\(milliseconds)" }

    /// The body of such a call: a prompt that makes it this long, or a little longer.
    static func requestBody(bytes: Int) -> ByteBuffer {
        let front = #"{"model":"claude-bench","max_tokens":1024,"stream":true,"messages":[{"role":"user","content":""#
        let back = #""}]}"#
        let prompt = String(repeating: "x", count: max(1, bytes - front.utf8.count - back.utf8.count))
        return ByteBuffer(string: front + prompt + back)
    }

    private static func event(_ name: String, _ members: String = "") -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }
}
