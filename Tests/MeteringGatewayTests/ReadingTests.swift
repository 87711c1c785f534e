import Testing

@testable import MeteringGateway

@Suite struct RequestFactsTests {
    static let table: [(body: String, model: String, output: UInt64)] = [
        (#"{"model":"claude-a","max_tokens":5}"#, "claude-a", 5),
        (#"{ "max_tokens" : 32000 , "messages":[{"model":"no","max_tokens":1}], "model":"m" }"#, "m", 32000),
        (#"{"messages":[{"content":"\"model\":\"x\" \\"}],"model":"claude\/b"}"#, "claude/b", 0),
        (#"{"model":7,"max_tokens":"5"}"#, "", 0),
        (#"{"model":"m","max_tokens":-5}"#, "m", 0),
        (#"{"model":"m","max_tokens":1.5}"#, "m", 0),
        (#"{"model":"m","max_tokens":99999999999999999999999}"#, "m", 0),
        (#"{"model":"m","max_tokens":null,"a":[],"b":{},"c":[[1,{"d":true}],"e"]}"#, "m", 0),
        (#"{"model":"m""#, "", 0), (#"{"model":"m"}}"#, "", 0), ("model", "", 0), ("", "", 0), ("[1,2]", "", 0),
        (#"{"model" "m"}"#, "", 0), ("\u{0}\u{1}", "", 0), (#"{,"model":"m"}"#, "", 0),
    ]

    @Test(arguments: table.indices) func readsWhatStandsAtTheTop(index: Int) {
        let row = Self.table[index]
        let bytes = Array(row.body.utf8)
        // In pieces of every size.
        for size in 1...max(1, bytes.count) {
            var facts = RequestFacts()
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { facts.feed($0) }
            }
            #expect(facts.model == row.model && facts.maxOutput == row.output, "pieces of \(size)")
        }
    }

    @Test func aNameThatIsTooLongOrTooDeepIsNone() {
        var facts = RequestFacts()
        let long = #"{"model":""# + String(repeating: "m", count: 300) + #""}"#
        Array(long.utf8).withUnsafeBytes { facts.feed($0) }
        #expect(facts.model.isEmpty)

        var deep = RequestFacts()
        let nested = #"{"model":"m","a":"# + String(repeating: "[", count: 600)
        Array(nested.utf8).withUnsafeBytes { deep.feed($0) }
        #expect(deep.model.isEmpty)
    }
}

@Suite struct StreamUsageTests {
    private static let stream =
        ": comment\r\nevent: message_start\r\ndata: \(Events.start(input: 3, cacheCreation: 4, cacheRead: 9))\r\n\r\n"
        + "event: ping\ndata: {\"type\": \"ping\"}\n\n"
        + "data:\(Events.text("twelve bytes"))\n\nid: 7\nretry\ndata: {\"type\":\ndata: \"content_block_delta\",\ndata: \"delta\":{\"thinking\":\"abcd\"}}\n\n"

    private func read(_ text: String, by size: Int) -> StreamUsage {
        let bytes = Array(text.utf8)
        var usage = StreamUsage()
        for start in stride(from: 0, to: bytes.count, by: size) {
            _ = bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { usage.feed($0) }
        }
        return usage
    }

    @Test func readsEventsInPiecesOfEverySize() {
        for size in 1...Self.stream.utf8.count {
            #expect(
                read(Self.stream, by: size).usage == CallUsage(input: 7, output: 4, cacheRead: 9, cacheCreation: 4),
                "\(size)")
        }
        let whole = read(Self.stream + "data: \(Events.delta(output: 11))\n\ndata: \(Events.stop)\n\n", by: 100)
        #expect(whole.usage == CallUsage(input: 7, output: 11, cacheRead: 9, cacheCreation: 4) && whole.hasEnded)
    }

    @Test func whatIsNotWholeSaysNothing() {
        let usage = read("data: \(Events.start(input: 3))\n", by: 10)
        #expect(usage.usage == CallUsage() && !usage.hasEnded)
        #expect(read("data: nonsense\n\ndata: {\"type\"\n\n\n\ndata\n\n", by: 3).usage == CallUsage())
    }

    @Test func aFigureThatFallsIsIgnored() {
        let text = "data: \(Events.start(input: 3, output: 50))\n\ndata: \(Events.delta(output: 20))\n\n"
        #expect(read(text, by: 7).usage == CallUsage(input: 3, output: 50))
        #expect(read(text, by: 7).nonsense == 1)
        let absurd = read("data: \(Events.start(input: 2_000_000_000, output: -1))\n\n", by: 7)
        #expect(absurd.usage == CallUsage() && absurd.nonsense == 2)
    }

    @Test func anEventOfAnyLengthCostsNoMemory() {
        let long = String(repeating: "x", count: 3 << 20)
        let usage = read("data: \(Events.text(long))\n\ndata: \(Events.stop)\n\n", by: 65536)
        #expect(usage.usage.output == UInt64(long.utf8.count / 4) && usage.hasEnded)
    }

    @Test func anErrorsTypeIsRead() {
        func type(_ text: String) -> String { Array(text.utf8).withUnsafeBytes(ErrorBody.type) }
        #expect(type(#"{"type":"error","error":{"message":"m","type":"rate_limit_error"}}"#) == "rate_limit_error")
        #expect(type(#"{"message":"API rate limit exceeded"}"#).isEmpty)
        #expect(type("<html>").isEmpty && type("").isEmpty)
    }
}
