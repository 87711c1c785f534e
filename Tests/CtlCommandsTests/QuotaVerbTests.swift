import ClusterModel
import CoordinatorClient
import Foundation
import Testing

@testable import CtlCommands

@Suite struct QuotaVerbTests {
    /// A coordinator's answer with everything in it.
    private static func report() -> QuotaReport {
        var requests = QuotaSummary(name: "claude.requests", limit: "60/min,burst=6,reserve=10%")
        (requests.most, requests.used, requests.remaining, requests.reserve) = (6, 6, 0, 1)
        (requests.waiting, requests.openCalls, requests.waitingTasks) = (3, 4, ["7.12", "7.13"])
        (requests.limitPerMinute, requests.spentLastMinute) = (60, 57)
        (requests.refusals, requests.overloads, requests.origin) = (2, 1, "config")
        requests.explanation = "it is used up, and what arrives goes to the first in line"
        var held = QuotaSummary(name: "claude.concurrency", limit: "concurrency=20")
        (held.isConcurrency, held.most, held.used, held.remaining) = (true, 8, 4, 4)
        (held.narrowedTo, held.origin) = (8, "live")
        var jira = QuotaSummary(name: "jira.requests", limit: "60/min,shadow")
        (jira.most, jira.remaining, jira.limitPerMinute, jira.spentLastMinute) = (1, 1, 60, 45)
        (jira.isShadow, jira.shadowOverruns, jira.parkedFor, jira.origin) = (true, 1, 95_000, "config")
        let estimate = QuotaEstimateSummary(
            key: "claude sonnet", calls: 120, inputErrorPercent: 4, output: 812, outputWithinPercent: 91)
        return QuotaReport(quotas: [requests, held, jira], estimates: [estimate])
    }

    @Test func aRowHasACellForEachColumn() {
        let rows = Self.report().quotas.map { QuotaLine($0).row }
        #expect(
            rows == [
                ["claude.requests", "60/min,burst=6,reserve=10%", "6/6", "0", "1", "3", "-", "57/60", "2", "config"],
                ["claude.concurrency", "concurrency=20", "4/8", "4", "0", "0", "-", "-", "0", "live"],
                ["jira.requests", "60/min,shadow", "0/1", "1", "0", "0", "1m35s", "45/60", "0", "config"],
            ])
        #expect(rows.allSatisfy { $0.count == QuotaLine.columns.count })
    }

    @Test func whatHasNoColumnIsANote() {
        #expect(
            QuotaList.notes(Self.report()) == [
                "claude.concurrency is held to 8 at once while the service is overloaded",
                "jira.requests only counts (shadow): 1 call passed that it would have held",
                "estimates for claude sonnet, of 120 calls: input 4 % off in the mean; "
                    + "812 tokens taken ahead for an answer, which 91 % did not exceed",
            ])
    }

    @Test func jsonHasAnObjectForEachService() throws {
        let line = QuotaJSON.services(Self.report()).line
        #expect(
            line.hasPrefix(
                """
                {"claude":{"used":57,"limit":60,"remaining":3,"per":"minute","bucket":"claude.requests",\
                "written":"60/min,burst=6,reserve=10%","burst":6,"available":0,"reserve":1,"waiting":3,\
                "waiting_tasks":["7.12","7.13"],"open_calls":4,"parked_for_ms":null,"limit_per_minute":60,\
                "spent_last_minute":57,"refused_429":2,"overloads":1,"narrowed_to":null,"shadow":false,\
                "shadow_overruns":0,"origin":"config",\
                "explanation":"it is used up, and what arrives goes to the first in line","learned_ms_ago":null,\
                "buckets":{"requests":{"used":57,
                """))
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [String: Any]])
        #expect(object.keys.sorted() == ["claude", "jira"])
        let buckets = try #require(object["claude"]?["buckets"] as? [String: [String: Any]])
        #expect(buckets.keys.sorted() == ["concurrency", "requests"])
        let held = try #require(buckets["concurrency"])
        #expect(held["used"] as? Int == 4 && held["limit"] as? Int == 8 && held["remaining"] as? Int == 4)
        #expect(held["per"] as? String == "held" && held["narrowed_to"] as? Int == 8)
        let jira = try #require(object["jira"])
        #expect(jira["used"] as? Int == 45 && jira["limit"] as? Int == 60 && jira["remaining"] as? Int == 15)
        #expect(jira["parked_for_ms"] as? Int == 95_000)
        let estimates = try #require(object["claude"]?["estimates"] as? [[String: Any]])
        #expect(estimates.count == 1 && estimates[0]["model"] as? String == "claude sonnet")
        #expect(estimates[0]["input_error_percent"] as? Int == 4)
        #expect((jira["estimates"] as? [Any])?.isEmpty == true)
        #expect(QuotaJSON.services(QuotaReport()).line == "{}")
    }

    @Test func theTightestBucketHoldsFirst() {
        func bucket(_ name: String, _ change: (inout QuotaSummary) -> Void) -> QuotaSummary {
            var quota = QuotaSummary(name: name, limit: "60/min")
            (quota.most, quota.remaining, quota.limitPerMinute) = (1, 1, 60)
            change(&quota)
            return quota
        }
        let idle = bucket("a.requests") { _ in }
        let busy = bucket("a.read") { $0.spentLastMinute = 59 }
        let over = bucket("a.write") { $0.spentLastMinute = 70 }
        let shadow = bucket("a.x") { ($0.spentLastMinute, $0.isShadow) = (99, true) }
        let parked = bucket("a.y") { $0.parkedFor = 1 }
        #expect(QuotaJSON.tightest([idle, busy, shadow])?.name == "a.read")
        #expect(QuotaJSON.tightest([idle, busy, over])?.name == "a.write")
        #expect(QuotaJSON.tightest([busy, over, parked])?.name == "a.y")
        #expect(QuotaJSON.tightest([shadow])?.name == "a.x")
        #expect(QuotaJSON.tightest([idle, idle])?.name == "a.requests")
        #expect(QuotaJSON.tightest([]) == nil)
        #expect(QuotaJSON.bucket(over, named: false).line.hasPrefix("{\"used\":70,\"limit\":60,\"remaining\":0,"))
        // Less than one a minute: the burst says more than a rate of 0.
        let rare = bucket("a.requests") { ($0.limit, $0.limitPerMinute, $0.used, $0.remaining) = ("9/day", 0, 1, 0) }
        let line = QuotaJSON.bucket(rare, named: false).line
        #expect(line.hasPrefix("{\"used\":1,\"limit\":1,\"remaining\":0,\"per\":\"burst\","), "\(line)")
    }

    @Test func explainTellsWhatHoldsABucket() throws {
        let report = Self.report()
        let requests = try QuotaExplain.find("claude.requests", in: report)
        #expect(
            QuotaExplain.lines(requests, QuotaExplain.estimates(of: requests, in: report)) == [
                "bucket claude.requests: 60/min,burst=6,reserve=10% (config)",
                "it is used up, and what arrives goes to the first in line",
                "0 of a burst of 6 are left, 1 of them for critical tasks alone; the last minute took 57 of 60; 4 calls are open",
                "something to take arrives in about 2.0s", "3 calls wait, first of 7.12, 7.13",
                "the service refused 2 calls (429) and was overloaded 1 times",
                "estimates for claude sonnet, of 120 calls: input 4 % off in the mean; "
                    + "812 tokens taken ahead for an answer, which 91 % did not exceed",
            ])
        let held = try QuotaExplain.find("claude.concurrency", in: report)
        #expect(
            QuotaExplain.lines(held, []) == [
                "bucket claude.concurrency: concurrency=20 (live)", "4 of 8 are held; 0 calls are open",
                "claude.concurrency is held to 8 at once while the service is overloaded",
            ])
        let jira = try QuotaExplain.find("jira.requests", in: report)
        #expect(QuotaExplain.lines(jira, []).contains("nothing is granted for 1m35s: it is parked"))
        var opus = QuotaSummary(name: "claude.output_tokens.opus", limit: "9/min")
        opus.remaining = 1
        #expect(QuotaExplain.estimates(of: opus, in: report).isEmpty)
        #expect(QuotaLine(opus).nextArrival == nil)
    }

    @Test func explainRefusesWhatIsNotThere() {
        let sentence = refusal { _ = try QuotaExplain.find("jira.read", in: Self.report()) }
        #expect(
            sentence == "there is no bucket jira.read: there are claude.requests, claude.concurrency, jira.requests")
        #expect(
            refusal { _ = try QuotaExplain.find("jira.read", in: QuotaReport()) }
                == "there is no bucket jira.read, nor any other")
        #expect(ExitStatus.of(CoordinatorFailure(code: .unknownQuota, message: "")) == .usage)
    }

    @Test(arguments: [
        ("quota", "list"), ("quota --json", "list"), ("-o json quota", "list"), ("quota explain a.read", "explain"),
        ("--output quiet quota reset a.read", "reset"), ("quota unpark a.read", "unpark"),
        ("quota set a.read 1/s", "set"),
    ])
    func verbsAreKnown(_ line: String, _ name: String) throws {
        let words = GlobalFlags.moveBehindVerb(line.split(separator: " ").map(String.init))
        let command = try CtlMain.parse(words)
        #expect(type(of: command).configuration.commandName == name)
    }

    private static func order(_ line: String) throws -> (name: String, change: QuotaChange) {
        let words = ["quota", "set"] + line.split(separator: " ").map(String.init)
        return try #require(CtlMain.parse(words) as? QuotaSet).order()
    }

    @Test(
        arguments: [
            ("claude.requests 120/min", .set(limit: "120/min")),
            (
                "claude.requests 120/min --burst 20 --reserve 10%",
                .set(limit: "120/min", burst: 20, reserve: "10%")
            ),
            ("claude.requests --shadow", .set(limit: nil, isShadow: true)),
            ("claude.requests 9/s --no-shadow", .set(limit: "9/s", isShadow: false)),
            ("claude.requests --reserve 2.5% --burst 7", .set(limit: nil, burst: 7, reserve: "2.5%")),
            ("claude.concurrency.opus --reserve 50%", .set(limit: nil, reserve: "50%")),
            ("claude.concurrency concurrency=20", .set(limit: "concurrency=20")),
        ] as [(String, QuotaChange)])
    func setSaysWhatChanges(_ line: String, _ change: QuotaChange) throws {
        let order = try Self.order(line)
        #expect(order.change == change)
        #expect(order.name == line.split(separator: " ")[0])
    }

    @Test(arguments: [
        ("claude.requests", "give a limit such as 120/min, or one of --burst, --reserve, --shadow, --no-shadow"),
        ("claude.reqests 9/s", "did you mean claude.requests?"),
        ("claude.requests 0/min", "the limit is 0 and must be 1 to"),
        ("claude.requests --burst 0", "the burst is 0 and must be 1 to"),
        ("claude.requests --reserve 100%", "the reserve must be at least 0% and less than 100%"),
        ("claude.requests --reserve 10", "write a percentage such as 10% or 2.5%"),
        ("claude.requests 9/s,burst=2 --burst 3", "'burst=3' is unknown or there twice"),
        ("claude.requests 9/s,shadow --shadow", "'shadow' is unknown or there twice"),
        ("claude.requests 9/s,shadow --no-shadow", "'9/s,shadow' and --no-shadow contradict each other"),
        ("claude.requests concurrency=3", "claude.concurrency limits calls at once"),
        ("claude.concurrency --burst 3", "--burst is for rates: what is held at once has none"),
    ])
    func setRefusesWhatCantBe(_ line: String, _ words: String) {
        let sentence = refusal { _ = try Self.order(line) }
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test func anOutcomeIsASentence() {
        func outcome(_ before: String?, _ after: String?) -> QuotaOutcome {
            QuotaOutcome(verb: "set", bucket: "a.read", outcome: QuotaChangeOutcome(before: before, after: after))
        }
        #expect(outcome("1/s", "2/s").sentence == "bucket a.read: 2/s, before 1/s")
        #expect(outcome("1/s", "1/s").sentence == "bucket a.read: 1/s, as before")
        #expect(outcome(nil, "2/s").sentence == "bucket a.read: 2/s, new")
        #expect(outcome("1/s", nil).sentence == "bucket a.read is gone, before 1/s")
        #expect(outcome(nil, nil).sentence == "there was no bucket a.read")
        #expect(
            outcome(nil, "2/s").json.line
                == "{\"verb\":\"set\",\"bucket\":\"a.read\",\"before\":null,\"after\":\"2/s\"}")
    }

    @Test func aRunHandsItsQuotasToItsCoordinator() throws {
        let run = try #require(
            CtlMain.parse(["run", "hello", "--quota", "claude.requests=60/min,burst=6", "--quota", "jira.read=9/s"])
                as? Run)
        #expect(run.quota == ["claude.requests=60/min,burst=6", "jira.read=9/s"])
        var plan = FleetPlan(
            secretFile: "/s", instances: 1, claude: nil, tasks: 1, directories: [], runners: ["claude"],
            quotas: run.quota)
        let quotas = try plan.coordinator(dataDirectory: "/d").quotas
        #expect(quotas.map { "\($0.name) \($0)" } == ["claude.requests 60/min,burst=6", "jira.read 9/s"])
        plan.quotas = ["claude.requests=0/min"]
        let bad = plan
        #expect(
            refusal { _ = try bad.coordinator(dataDirectory: "/d") }.hasPrefix(
                "--quota: bucket claude.requests: the limit is 0"))
    }
}
