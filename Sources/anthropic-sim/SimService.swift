import Foundation
import ServiceLifecycle
import ServiceSims

/// Runs the simulator and tells where it listens: one JSON line on standard output, and the port in a file if asked.
struct SimService: Service {
    let sim: AnthropicSim
    let portFile: String?

    func run() async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { port.finish() }
                try await sim.run { port.yield($0) }
            }
            for await port in ports { try announce(port) }
            try await group.waitForAll()
        }
    }

    private func announce(_ port: Int) throws {
        if let portFile { try Data("\(port)\n".utf8).write(to: URL(filePath: portFile), options: .atomic) }
        try FileHandle.standardOutput.write(contentsOf: Data("{\"listening\":\"http://127.0.0.1:\(port)\"}\n".utf8))
    }
}
