import ArgumentParser
import ClusterModel
import Foundation
import Testing

@testable import CtlCommands

/// The sentence that `body` refuses its input with.
func refusal(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    do {
        try body()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
        return ""
    } catch {
        return "\(error)"
    }
}

/// A folder that is gone after the test.
final class ScratchFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ctl-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("a scratch folder could not be removed: \(error)")
        }
    }

    func file(_ name: String, _ content: String) throws -> String {
        try file(name, bytes: Array(content.utf8))
    }

    func file(_ name: String, bytes: [UInt8]) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// What the flags of `submit` mean, read and checked.
func submission(_ arguments: String...) throws -> Submission {
    let command = try CtlMain.parse(GlobalFlags.moveBehindVerb(["submit"] + arguments))
    return try #require(command as? Submit).options.submission()
}

/// The tasks of a submission, as they are sent.
func all(_ tasks: TaskList) throws -> [TaskSpec] {
    let next = try tasks.pull()
    var all: [TaskSpec] = []
    while let task = try next() { all.append(task) }
    if let count = tasks.count { #expect(count == all.count) }
    return all
}
