import ClusterTestKit
import Foundation
import Testing

@Suite("Processes that tests start", .timeLimit(.minutes(1)))
struct SpawnedProcessTests {
    @Test("Its end is told as an exit code, or as 128 and the signal's number")
    func ends() throws {
        #expect(try SpawnedProcess.shell("exit 7") == 7)
        #expect(try SpawnedProcess.shell("true") == 0)
        let sleeper = try SpawnedProcess("/bin/sleep", ["60"], environment: [:])
        #expect(sleeper.isRunning && sleeper.code == nil)
        sleeper.signal(SIGKILL)
        #expect(sleeper.wait() == 128 + SIGKILL)
        #expect(!sleeper.isRunning)
        // Nothing has this pid any more, or something else has: it gets no signal.
        sleeper.signal(SIGKILL)
    }

    @Test("It has the environment, the directory and the files that it was given, and nothing else of ours")
    func inherits() throws {
        let bench = try Workbench(claude: "/bin/true")
        defer { bench.cleanUp() }
        let path = bench.scratch + "/seen"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let output = try #require(FileHandle(forWritingAtPath: path))
        let script =
            "env | sort | grep -v -e '^_=' -e '^PWD='; pwd; ls /proc/self/fd | wc -l; test $(readlink /proc/self/fd/0) = /dev/null"
        let process = try SpawnedProcess(
            "/bin/sh", ["-c", script], environment: ["ONLY": "this", "PATH": "/usr/bin:/bin"], directory: bench.scratch,
            output: output.fileDescriptor)
        #expect(process.wait() == 0, "its input is /dev/null")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        // Three files and the one with which ls lists them.
        #expect(lines == ["ONLY=this", "PATH=/usr/bin:/bin", bench.scratch, "4"])
    }

    @Test("What can't be started is refused in words")
    func missing() {
        let error = #expect(throws: SceneError.self) {
            _ = try SpawnedProcess("/no/such/program", [], environment: [:])
        }
        #expect(
            error?.description.contains("/no/such/program can't be started: No such file") == true,
            "\(error?.description ?? "")")
        #expect(throws: SceneError.self) {
            _ = try SpawnedProcess("/bin/true", [], environment: [:], directory: "/no/such/folder")
        }
    }
}
