import Foundation

/// What went wrong beside the measurement: for people, and not on the stream that has the report.
enum BenchTrouble {
    static func tell(_ sentence: String) { FileHandle.standardError.write(Data((sentence + "\n").utf8)) }
}
