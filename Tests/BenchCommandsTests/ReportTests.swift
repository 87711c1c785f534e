import Testing

@testable import BenchCommands

@Suite struct ReportTests {
    @Test func fieldsKeepTheirOrder() throws {
        var report = BenchReport("x", try BenchOptions.parse(["--directory", "/d"]))
        report.add("b", 1)
        report.add("a", 12345.678)
        report.add("c", [0.00123456, .nan])
        #expect(report.line.hasPrefix(#"{"bench":"x","#))
        #expect(report.line.hasSuffix(#""directory":"/d","durability":"full","b":1,"a":12346,"c":[0.001235,null]}"#))
    }

    @Test func theMedianIsTheMiddle() {
        #expect([3.0, 1, 2].median == 2)
        #expect([4.0, 1, 2, 3].median == 2.5)
    }

    @Test func promptsDifferAndHaveTheirSize() {
        let prompts = (0..<1000).map { BenchTasks.prompt(UInt32($0), bytes: 8) }
        #expect(Set(prompts).count == 1000)
        #expect(prompts.allSatisfy { $0.utf8.count == 8 })
    }

    /// Only what a task had of the window counts.
    @Test func busyTimeIsCutToTheWindow() {
        var meter = BusyMeter()
        meter.worked(from: 0, to: 100)
        #expect(meter.busyNanoseconds == 0)
        meter.window = 100..<200
        meter.worked(from: 50, to: 120)
        meter.worked(from: 150, to: 250)
        meter.worked(from: 0, to: 300)
        meter.worked(from: 200, to: 300)
        #expect(meter.busyNanoseconds == 20 + 50 + 100)
        #expect(meter.finished == 1)
    }
}
