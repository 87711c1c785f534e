import ClusterModel
import CoordinatorCore

/// The attempts of one assignment row in one blob: 12 bytes each, little endian (task, attempt).
enum PackedAttempts {
    static let bytesEach = 12

    static func pack(_ numbers: [AttemptNumber]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(numbers.count * bytesEach)
        for number in numbers {
            withUnsafeBytes(of: number.task.packed.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: number.attempt.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Nil when the bytes are no such blob.
    static func unpack(_ bytes: UnsafeRawBufferPointer) -> [AttemptNumber]? {
        guard bytes.count % bytesEach == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: bytesEach).map { offset in
            AttemptNumber(
                task: TaskID(
                    packed: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))),
                attempt: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)))
        }
    }
}

/// What one task waits for in one blob: 5 bytes each, the other task's place (little endian) and the condition.
enum PackedLinks {
    static let bytesEach = 5

    static func pack(_ links: [TaskLink]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(links.count * bytesEach)
        for link in links {
            withUnsafeBytes(of: link.index.littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(link.condition == .end ? 1 : 0)
        }
        return bytes
    }

    /// Nil when the bytes are no such blob.
    static func unpack(_ bytes: UnsafeRawBufferPointer) -> [TaskLink]? {
        guard bytes.count % bytesEach == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: bytesEach).map { offset in
            TaskLink(
                index: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)),
                condition: bytes[offset + 4] == 1 ? .end : .success)
        }
    }
}
