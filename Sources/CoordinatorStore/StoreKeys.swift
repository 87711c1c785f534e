import ClusterModel
import CoordinatorCore

extension TaskID {
    /// Its key in the tables. SQLite's integers are signed: a number that no store gives out, but a client may ask for, must not trap.
    var storeKey: Int64 { Int64(bitPattern: packed) }
}

extension JobID {
    /// Its key in the tables.
    var storeKey: Int64 { Int64(rawValue) }
}

extension AgentID {
    /// Its key in the tables.
    var storeKey: Int64 { Int64(bitPattern: rawValue) }
}

extension SubmissionKey {
    /// The 16 bytes that the client drew.
    var bytes: [UInt8] {
        withUnsafeBytes(of: high.bigEndian) { Array($0) } + withUnsafeBytes(of: low.bigEndian) { Array($0) }
    }

    /// Nil for anything but 16 bytes.
    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}
