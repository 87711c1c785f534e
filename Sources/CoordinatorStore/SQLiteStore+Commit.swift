import CoordinatorCore
import GRDB

extension SQLiteStore {
    /// Writes the records in one transaction, which is on disk when this returns. On an error nothing of it is there.
    public func commit(_ records: [DurableRecord]) throws {
        do {
            try pool.write { db in try writer.write(records, to: db) }
        } catch {
            pool.writeWithoutTransaction { _ in writer.rolledBack() }
            let trouble = StoreError.from(error, path: path)
            if trouble.code == .diskFull { giveBackRoom() }
            throw trouble
        }
    }

    /// What a transaction wrote before the disk was full stays in the write-ahead log's file, which then holds the room that is missing.
    private func giveBackRoom() {
        do {
            _ = try pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        } catch {
            // No room for that either, or a reader is under way: the transaction's own error says what to do.
        }
    }
}
