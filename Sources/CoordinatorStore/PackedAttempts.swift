import ClusterModel
import CoordinatorCore
import Foundation

/// The attempts of one assignment row in one blob: 12 bytes each, little endian (task, attempt).
enum PackedAttempts {
    static let bytesEach = 12

    static func pack(_ numbers: [AttemptNumber]) -> Data {
        var data = Data(capacity: numbers.count * bytesEach)
        for number in numbers {
            withUnsafeBytes(of: number.task.packed.littleEndian) { data.append(contentsOf: $0) }
            withUnsafeBytes(of: number.attempt.littleEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    /// Nil when the bytes are no such blob.
    static func unpack(_ data: Data) -> [AttemptNumber]? {
        guard data.count % bytesEach == 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: bytesEach).map { offset in
                AttemptNumber(
                    task: TaskID(
                        packed: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))),
                    attempt: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)))
            }
        }
    }
}
