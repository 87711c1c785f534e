import ClusterModel
import Foundation

/// What a backup says of itself: `backup.json`, written last, so that a folder without it is no whole backup.
struct BackupNote: Codable {
    static let fileName = "backup.json"
    /// Of this file and the folder's layout.
    static let currentFormat = 1

    var format = currentFormat
    /// The program that made it.
    var version: String
    /// The store's id, in hexadecimal.
    var store: String
    var madeAtMilliseconds: Int64
    /// Size of the database.
    var bytes: UInt64
    var blobs: Int
    /// Hashes of blobs that were named and not there when the backup was made.
    var missing: [String]

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let path = folder + "/" + Self.fileName
        guard
            FileManager.default.createFile(
                atPath: path, contents: try encoder.encode(self), attributes: [.posixPermissions: 0o600])
        else { throw StoreError(.broken, "\(path) can't be written") }
        try FileSync.file(path)
    }

    static func read(from folder: String) throws -> BackupNote {
        let path = folder + "/" + fileName
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw StoreError(.broken, "\(folder) is no whole backup: it has no \(fileName)")
        }
        do {
            let note = try JSONDecoder().decode(BackupNote.self, from: bytes)
            guard note.format <= currentFormat else {
                throw StoreError(.tooNew, "\(path) was written by a newer version (\(note.version)): install that one")
            }
            return note
        } catch let error as DecodingError {
            throw StoreError(.broken, "\(path) can't be read (\(error)): take another backup")
        }
    }
}
