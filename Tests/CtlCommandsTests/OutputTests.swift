import ClusterModel
import CoordinatorClient
import Testing

@testable import CtlCommands

@Suite struct OutputTests {
    private static let task = TaskID(job: JobID(rawValue: 7), index: 12)

    @Test func aResultIsOneLineWithItsKeysInOrder() {
        var result = TaskResult(
            task: Self.task, state: .succeeded, attempts: 1, agent: "a1", instance: "slot-3",
            usage: Usage(inputTokens: 10, outputTokens: 20, cacheReadInputTokens: 30, cacheCreationInputTokens: 40),
            costMicroUSD: 50_300, sessionID: "s", queuedAt: WallTime(milliseconds: 1_700_000_000_000),
            startedAt: WallTime(milliseconds: 1_700_000_000_007), finishedAt: WallTime(milliseconds: 1_700_000_001_234))
        result.name = "not printed"
        let line = ResultLine(
            result, answer: "two\nlines \"\u{2028}\u{1B}é", structured: "{\n  \"b\": [1, 2],\n  \"a\": \"x y\"\n}",
            input: "doc 1")
        #expect(
            line.json().line == """
                {"job":7,"task":"7.12","index":12,"state":"succeeded","attempts":1,"agent":"a1","instance":"slot-3",\
                "result":"two\\nlines \\"\\u2028\\u001bé","structured":{"b":[1,2],"a":"x y"},"error":null,\
                "usage":{"input_tokens":10,"output_tokens":20,"cache_read_input_tokens":30,"cache_creation_input_tokens":40},\
                "cost_usd":0.0503,"session_id":"s","queued_at":"2023-11-14T22:13:20.000Z",\
                "started_at":"2023-11-14T22:13:20.007Z","finished_at":"2023-11-14T22:13:21.234Z","duration_ms":1227,\
                "input":"doc 1"}
                """)
    }

    @Test func whatNeverRanHasNulls() {
        let result = TaskResult(
            task: Self.task, state: .cancelled, failure: TaskFailure(.cancelled, "by the user", detail: "tail"),
            queuedAt: WallTime(milliseconds: 1), finishedAt: WallTime(milliseconds: 2))
        let line = ResultLine(result, answer: nil, structured: nil, input: "p")
        #expect(
            line.json().line == """
                {"job":7,"task":"7.12","index":12,"state":"cancelled","attempts":0,"agent":null,"instance":null,"result":null,\
                "structured":null,"error":{"class":"cancelled","message":"by the user"},\
                "usage":{"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0},\
                "cost_usd":0,"session_id":null,"queued_at":"1970-01-01T00:00:00.001Z","started_at":null,\
                "finished_at":"1970-01-01T00:00:00.002Z","duration_ms":null,"input":"p"}
                """)
        #expect(line.json(withDetail: true).line.contains("\"message\":\"by the user\",\"detail\":\"tail\"}"))
    }

    @Test(arguments: [
        (UInt64(0), "0"), (1, "0.000001"), (1_000_000, "1"), (12_500_000, "12.5"), (2_000_010, "2.00001"),
    ])
    func moneyIsExact(_ microUSD: UInt64, _ text: String) {
        #expect(MoneyText.decimal(microUSD: microUSD) == text)
    }

    @Test func aTableAlignsWideAndUnsafeText() {
        var table = Table([.init("TASK"), .init("N", .right), .init("ANSWER")], width: 24)
        let lines = table.lines([
            ["日本", "7", "red \u{1B}[31m\ttext\u{202E} and more"],
            ["a", "100", "\u{65E5}\u{672C}\u{8A9E}\u{306E}\u{7B54}\u{3048}\u{3067}\u{3059}"],
        ])
        #expect(
            lines == [
                "TASK    N  ANSWER",
                "日本    7  red \\e[31m\\t…",
                "a     100  日本語の答え…",
            ])
        for line in lines { #expect(DisplayWidth.of(line) <= 24) }
        // The next page keeps the widths and has no head.
        let next = table.lines([["b", "1", "x"]])
        #expect(next == ["b       1  x"])
    }

    @Test func aBlockKeepsLinesAndShowsTheRest() {
        #expect(SafeText.block("a\n\tb\u{7}\r\u{9B}c") == "a\n\tb\\u{7}\\r\\u{9b}c")
        #expect(SafeText.oneLine("plain é 日") == "plain é 日")
    }

    @Test func structuredTextThatIsNoJSONStaysReadable() {
        var object = JSONObject()
        object.add("structured", json: "{broken")
        #expect(object.line == "{\"structured\":\"{broken\"}")
    }
}
