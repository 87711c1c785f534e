import ClusterModel
import Foundation
import Logging
import Synchronization
import Testing

@testable import Settings

@Suite struct LogTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private func logged(_ format: LogFormat, _ work: (Logger) -> Void) -> [String] {
        let lines = Lines()
        let handler = LineLogHandler(
            label: "coordinator", level: .info, format: format, now: { WallTime(milliseconds: 1_795_417_921_123) },
            write: { line in lines.all.withLock { $0.append(line) } })
        work(Logger(label: "coordinator") { _ in handler })
        return lines.all.withLock { $0 }
    }

    @Test func textIsOneLineWithItsValuesInOrder() {
        let lines = logged(.text) { $0.info("queue is empty", metadata: ["b": "two words", "a": "1"]) }
        #expect(lines == ["2026-11-23T07:12:01.123Z info coordinator: queue is empty a=1 b=\"two words\"\n"])
    }

    @Test func controlCharactersCannotForgeALine() throws {
        let nasty: Logger.Message = "a\nb\u{1B}[31m\u{9B}\u{202E}"
        let text = logged(.text) { $0.error(nasty, metadata: ["k\n": "v\r"]) }
        #expect(
            text == [
                "2026-11-23T07:12:01.123Z error coordinator: a\\nb\\u001b[31m\\u009b\\u202e k\\n=\"v\\r\"\n"
            ])
        let json = logged(.json) { $0.error(nasty, metadata: ["k\n": "v\r"]) }
        #expect(json.count == 1)
        #expect(json[0].filter { $0 == "\n" }.count == 1)
        #expect(json[0].unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 })
    }

    @Test func jsonReadsBack() throws {
        let lines = logged(.json) {
            $0.warning("say \"hi\"\\", metadata: ["n": .dictionary(["z": .array(["1", "two"]), "a": "x"])])
        }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-11-23T07:12:01.123Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["logger"] as? String == "coordinator")
        #expect(object["message"] as? String == "say \"hi\"\\")
        let nested = try #require((object["metadata"] as? [String: Any])?["n"] as? [String: Any])
        #expect(nested["z"] as? [String] == ["1", "two"])
        #expect(nested["a"] as? String == "x")
    }

    @Test func lessImportantLinesAreLeftOut() {
        #expect(logged(.text) { $0.debug("no") }.isEmpty)
    }

    @Test func aHugeMessageIsCut() {
        let lines = logged(.text) { $0.info("\(String(repeating: "x", count: 1_000_000))") }
        #expect(lines[0].utf8.count < LineLogHandler.maximumValueBytes + 200)
        #expect(lines[0].hasSuffix("… (cut at 16384 bytes)\n"))
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)]) func momentsAreWrittenAsRFC3339(milliseconds: Int64, expected: String)
    {
        #expect(RFC3339.text(WallTime(milliseconds: milliseconds)) == expected)
    }

    @Test(.timeLimit(.minutes(1))) func linesOfManyThreadsStayWhole() async throws {
        let scratch = try Scratch()
        let file = try scratch.write("log", "")
        let descriptor = open(file, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        let output = LogOutput(descriptor: descriptor)
        await withTaskGroup(of: Void.self) { group in
            for name in 0..<8 {
                group.addTask {
                    for _ in 0..<200 { output.write(String(repeating: "\(name)", count: 300) + "\n") }
                }
            }
        }
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1600)
        #expect(lines.allSatisfy { $0.count == 300 && Set($0).count == 1 })
    }
}
