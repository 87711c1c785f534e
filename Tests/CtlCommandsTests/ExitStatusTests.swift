import ClusterModel
import CoordinatorClient
import Testing

@testable import CtlCommands

@Suite struct ExitStatusTests {
    private static func job(_ succeeded: UInt32, failed: UInt32 = 0, cancelled: UInt32 = 0) -> JobSummary {
        JobSummary(
            job: JobID(rawValue: 1), tasks: succeeded + failed + cancelled, succeeded: succeeded, failed: failed,
            cancelled: cancelled)
    }

    @Test func aWaitEndsAsItsJobsDid() {
        #expect([Self.job(2)].exitStatus == .success)
        #expect([Self.job(2), Self.job(1, failed: 1)].exitStatus == .someFailed)
        #expect([Self.job(2, cancelled: 1)].exitStatus == .someFailed)
    }

    @Test func errorsHaveTheirCodes() {
        let unreachable = CoordinatorUnreachable(endpoint: "tcp://127.0.0.1:1", tried: .seconds(5), hadAnswered: false)
        #expect(ExitStatus.of(UsageError("x")).code == 2)
        #expect(ExitStatus.of(ExitStatus.timedOut).code == 3)
        #expect(ExitStatus.of(unreachable).code == 4)
        #expect(ExitStatus.of(CoordinatorFailure(code: .protocol, message: "")).code == 4)
        #expect(ExitStatus.of(CoordinatorFailure(code: .unknownJob, message: "")).code == 2)
        #expect(ExitStatus.of(CoordinatorFailure(code: .diskFull, message: "")).code == 5)
        #expect(ExitStatus.of(OutputFailure(code: 32)).code == 141)
        #expect(ExitStatus.interrupted.code == 130)
        #expect(
            unreachable.description
                == "no coordinator answers at tcp://127.0.0.1:1 (tried for 5 s): start cc-coordinator, or name another with --coordinator"
        )
    }

    @Test(arguments: [("7", [7...7]), ("1,3,5-8", [1...1, 3...3, 5...8])])
    func selectors(_ text: String, _ ranges: [ClosedRange<UInt32>]) throws {
        #expect(try JobSelector(text) == .numbers(ranges))
    }

    @Test func wordsAndTasksAreSelectorsToo() throws {
        #expect(try JobSelector("last") == .last)
        #expect(try JobSelector("all") == .all)
        #expect(try TaskSelector("7.3-9") == .tasks(JobID(rawValue: 7), [3...9]))
        #expect(try TaskSelector("7") == .jobs(.numbers([7...7])))
        for bad in ["", "x", "3-1", "1,", "-1", "1-2-3"] {
            #expect(
                refusal { _ = try JobSelector(bad) }
                    == "\"\(bad)\" does not name a job: give a number, 1,3,5-8, last or all")
        }
        #expect(refusal { _ = try TaskSelector("7.x") } == "\"7.x\" does not name a task: give JOB.INDEX such as 7.12")
    }
}
