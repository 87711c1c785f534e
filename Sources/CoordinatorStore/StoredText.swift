import Foundation
import GRDB

/// Text as it rests in the store. SQLite's texts end at their first zero byte, and what a model or a user wrote may hold one: such a
/// text rests as a blob in the same column.
enum StoredText {
    static func value(_ text: String) -> any DatabaseValueConvertible {
        text.utf8.contains(0) ? Data(text.utf8) : text
    }

    /// Nil for NULL. A blob that was cut inside a character (`substr`) reads with a replacement there.
    static func read(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .string(let text): text
        case .blob(let data): String(decoding: data, as: UTF8.self)
        case .int64(let number): String(number)
        case .double(let number): String(number)
        }
    }
}

extension Row {
    /// A text that may rest as a blob; empty for NULL.
    func text(_ column: String) -> String { StoredText.read(self[column]) ?? "" }
}
