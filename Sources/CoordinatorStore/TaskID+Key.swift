import ClusterModel

extension TaskID {
    /// Its key in the tables. SQLite's integers are signed: a number that no store gives out, but a client may ask for, must not trap.
    var storeKey: Int64 { Int64(bitPattern: packed) }
}
