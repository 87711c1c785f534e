import ClusterModel
import Foundation
import Testing

@testable import CtlCommands

@Suite struct LineReaderTests {
    private func lines(_ reader: LineReader) throws -> [LineReader.Line] {
        var lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    @Test func linesAreTheSameFromAFileAndFromMemory() throws {
        let folder = try ScratchFolder()
        // Longer than a piece, so that lines cross its ends.
        let long = String(repeating: "é", count: 400_000)
        let text = "\u{FEFF}one\r\n\r\n \t\r\n" + (0..<5).map { "\(long)\($0)\n" }.joined() + "last\r"
        let file = try folder.file("lines.txt", text)
        let fromFile = try lines(LineFile(path: file).reader())
        let fromMemory = try lines(LineFile(title: "x", bytes: Array(text.utf8)).reader())
        #expect(fromFile == fromMemory)
        #expect(fromFile.map(\.number) == [1, 4, 5, 6, 7, 8, 9])
        #expect(fromFile.first?.text == "one" && fromFile.last?.text == "last")
        #expect(try LineFile(path: file).isRepeatable())
    }

    @Test func aLineWithoutEndIsRefusedAtItsLimit() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "long.txt", bytes: [UInt8](repeating: 0x61, count: LineReader.lineBytesAtMost + 3_000_000))
        #expect(
            refusal { _ = try lines(LineFile(path: file, title: "long.txt").reader()) }
                == "long.txt, line 1: this line is over the limit of 67108864 bytes")
    }

    @Test func aPipeIsReadOnceAndNotCountedAhead() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("one\ntwo\n".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let tasks = try TemplateTasks(file: LineFile(path: path, title: "pipe"), template: "Read {line}")
        #expect(tasks.count == nil)
        #expect(try all(.lines(tasks)).map(\.prompt) == [.text("Read one"), .text("Read two")])
    }

    @Test func whatCantBeReadIsToldBeforeAnythingIsSent() throws {
        #expect(
            refusal { _ = try submission("--each-line", "/nowhere/x") }
                == "cannot read /nowhere/x: there is no such file")
        let folder = try ScratchFolder()
        #expect(
            refusal { _ = try submission("--each-line", folder.path) }
                == "cannot read \(folder.path): Is a directory")
    }

    @Test func aFileThatChangesWhileItIsSentIsTold() throws {
        let folder = try ScratchFolder()
        let file = try folder.file("t.jsonl", "{\"prompt\": \"a\"}\n")
        let job = try submission("--from-json", file)
        _ = try folder.file("t.jsonl", "{\"prompt\": \"a\", \"model\": \"other\"}\n")
        #expect(
            refusal { _ = try all(job.tasks) } == "\(file), line 1: the file was changed while it was read")
    }
}
