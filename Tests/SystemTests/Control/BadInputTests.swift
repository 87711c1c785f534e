import ClusterTestKit
import Foundation
import Testing

extension ControlLane {
    /// Bad input: one sentence, exit code 2, and nothing of it reaches the queue.
    @Suite struct BadInputTests {
        private typealias Case = (arguments: [String], words: [String])

        private func flags(_ bench: Workbench) throws -> [Case] {
            let lines = try bench.file("lines.txt", "one\ntwo\n")
            let json = try bench.file("tasks.jsonl", "{\"prompt\":\"one\"}\n")
            return [
                (["submit", "one", "--bogus"], ["--bogus"]),
                (["frobnicate"], ["frobnicate"]),
                (["submit", "one", "--each-line", lines], ["PROMPT", "--each-line"]),
                (["submit", "--from-json", json, "--file", lines], ["--from-json", "--file"]),
                (["submit", "--prompt", "Do {line}"], ["--prompt", "--each-line"]),
                (["submit", "--each-line", lines, "--prompt", "no place for it"], ["--prompt", "{line}"]),
                (["submit"], ["nothing to submit"]),
                (["submit", "--each-line", bench.scratch + "/absent.txt"], ["absent.txt", "no such file"]),
                (["submit", " \t"], ["the prompt is empty"]),
                (["submit", "one", "--priority", "urgent"], ["--priority", "critical"]),
                (["submit", "one", "--max-turns", "0"], ["--max-turns"]),
                (["submit", "one", "--budget-usd", "much"], ["--budget-usd"]),
                (["submit", "one", "--directory", "here"], ["--directory", "absolute"]),
                (["submit", "one", "--coordinator", "garbage"], ["--coordinator", "garbage"]),
                (["submit", "one", "--coordinator", "tcp://127.0.0.1:99999"], ["--coordinator", "99999"]),
                (["submit", "one", "--output", "xml"], ["--output", "xml"]),
                (["submit", "one", "--config", bench.scratch + "/absent.yaml"], ["absent.yaml"]),
                (["run", "one", "--instances", "0"], ["--instances"]),
                (["run", "--resume"], ["no unfinished run"]),
                (["run", "--resume", "one"], ["--resume"]),
                (["wait", "one"], ["one"]),
                (["wait", "99"], ["99"]),
                (["wait", "last"], ["no job"]),
                (["wait", "1", "--timeout", "soon"], ["--timeout"]),
                (["results", "99"], ["99"]),
                (["result", "99.1"], ["99"]),
                (["cancel", "99"], ["99"]),
                (["tasks", "1", "--state", "bored"], ["--state", "queued"]),
            ]
        }

        private func files(_ bench: Workbench) throws -> [Case] {
            let limit = 8 * 1024 * 1024
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: limit + 1)
            var cases: [Case] = [
                (
                    ["submit", "--each-line", try bench.file("long.txt", Array("short\n".utf8) + long)],
                    ["long.txt, line 2", "\(limit + 1)", "\(limit)"]
                ),
                (
                    ["submit", "--each-line", try bench.file("latin.txt", Array("a\n\nb".utf8) + [0xE9, 0x0A])],
                    ["latin.txt, line 3", "UTF-8"]
                ),
                (["submit", "--each-line", try bench.file("blank.txt", "\n \n")], ["blank.txt", "no line"]),
                (
                    ["submit", "--file", try bench.file("job.yaml", "name: x\ntasks:\n  - prompt: a\n    promt: b\n")],
                    ["job.yaml, line", "promt"]
                ),
            ]
            let first = "{\"prompt\":\"fine\"}\n"
            let unbuilt = [
                "labels": "{\"a\":\"b\"}"
            ]
            var rows = unbuilt.sorted { $0.key < $1.key }.map { key, value in
                ("{\"prompt\":\"a\",\"\(key)\":\(value)}", ["\"\(key)\"", "not built"])
            }
            rows += [
                ("{\"prompt\":\"a\"", ["not JSON"]),
                ("[1]", ["object"]),
                ("{\"promt\":\"a\"}", ["unknown field \"promt\""]),
                ("{\"name\":\"a\"}", ["no \"prompt\""]),
                ("{\"prompt\":\"\"}", ["the prompt is empty"]),
                ("{\"prompt\":7}", ["\"prompt\"", "text"]),
                ("{\"prompt\":\"a\",\"priority\":10}", ["\"priority\"", "0 to 9"]),
                ("{\"prompt\":\"a\",\"runner\":\"exec\"}", ["runner", "exec"]),
                ("{\"prompt\":\"a\",\"timeout\":-1}", ["\"timeout\""]),
                ("{\"prompt\":\"a\",\"after\":[1]}", ["wait for each other", "1 → 1"]),
                ("{\"prompt\":\"a\",\"after\":\"z\"}", ["no task of this job is named \"z\""]),
                ("{\"prompt\":\"a\",\"needs\":{\"a\":\"b\"}}", ["\"needs\"", "labels such as"]),
                ("{\"prompt\":\"a\",\"command\":[\"ls\"]}", ["\"command\"", "runner exec"]),
                ("{\"prompt\":\"a\",\"stdin\":true}", ["\"stdin\"", "runner exec"]),
                ("{\"prompt\":\"a\",\"effort\":\"much\"}", ["\"effort\"", "xhigh"]),
            ]
            for (number, (row, words)) in rows.enumerated() {
                let path = try bench.file("bad\(number).jsonl", first + row + "\n" + first)
                cases.append((["submit", "--from-json", path], ["bad\(number).jsonl, line 2"] + words))
            }
            return cases
        }

        @Test func oneSentenceAndNothingInTheQueue() async throws {
            try await withFleet(.withStandIn()) { fleet in
                for (arguments, words) in try flags(fleet.bench) + files(fleet.bench) {
                    let environment = ["CCO_COORDINATOR": fleet.clientsEndpoint]
                    let run = try await fleet.bench.run(
                        "ccctl", arguments, environment: environment, within: .seconds(20))
                    run.expectRefusal(2, words, arguments.joined(separator: " "))
                }
                let jobs = try await fleet.ccctl(["jobs", "--output", "json"])
                #expect(jobs.code == 0 && jobs.output.isEmpty, "\(jobs.output)")
            }
        }

        @Test func withoutACoordinatorItEndsAfterFiveSeconds() async throws {
            try await onBench(.withStandIn()) { bench in
                let endpoint = "tcp://127.0.0.1:\(try FreePorts.take(1)[0])"
                let start = ContinuousClock.now
                let run = try await bench.run("ccctl", ["jobs", "--coordinator", endpoint], within: .seconds(20))
                let taken = ContinuousClock.now - start
                run.expectRefusal(4, [endpoint])
                #expect(.seconds(4)...(.seconds(8)) ~= taken, "\(taken)")
            }
        }

        @Test func globalFlagsStandOnEitherSideOfTheVerb() async throws {
            try await withFleet(.withStandIn()) { fleet in
                _ = try await fleet.submit(["one", "--name", "first"])
                for format in ["table", "json", "quiet"] {
                    let flags = ["--coordinator", fleet.clientsEndpoint, "--output", format]
                    let before = try await fleet.bench.run("ccctl", flags + ["tasks", "1"])
                    let after = try await fleet.bench.run("ccctl", ["tasks", "1"] + flags)
                    #expect(before.code == 0 && after.code == 0)
                    #expect(!before.output.isEmpty && before.output == after.output)
                }
            }
        }
    }
}
