/// Walks a table in the order of its key beside others: one statement for all jobs of a restart, which is looked up anew only where
/// jobs are left out.
struct TableWalk {
    let row: RawStatement
    /// The key of the row it stands on; nil: beyond the last one.
    private(set) var key: Int64?
    private var hasBegun = false

    /// - Parameter sql: its first column is the key, its only parameter the lowest key wanted; in order.
    init(_ connection: OpaquePointer, _ sql: String) throws { row = try RawStatement(connection, sql) }

    /// Goes to the first row from `low` on. Keys asked for may only grow.
    mutating func seek(_ low: Int64) throws {
        if hasBegun {
            guard let key, key < low else { return }
            row.reset()
        }
        hasBegun = true
        row.bind(1, low)
        try advance()
    }

    mutating func advance() throws { key = try row.step() ? row.int(0) : nil }

    /// Whether it stands on this key.
    func isAt(_ wanted: Int64) -> Bool { key == wanted }

    /// Whether it stands on a key up to this one.
    func isWithin(_ high: Int64) -> Bool { key.map { $0 <= high } ?? false }
}
