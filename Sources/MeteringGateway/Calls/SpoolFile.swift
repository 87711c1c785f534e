import Glibc
import NIOCore

/// A file without a name that holds one body; it vanishes with this object, or with the process.
final class SpoolFile: Sendable {
    /// How much is read at once.
    static let chunkBytes = 64 * 1024

    private let descriptor: Int32

    /// - Throws: ``SpoolFailure``.
    init(directory: String) throws {
        let path = "\(directory)/body-\(Secrets.hex(bytes: 16))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SpoolFailure("no file can be made", errno) }
        guard unlink(path) == 0 else { throw SpoolFailure("its name can't be taken away", errno) }
    }

    // It runs for an init that throws too, which may have no file.
    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes behind what is there.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = write(descriptor, base, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SpoolFailure("it can't be written", errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The next bytes from `offset` on; nil at the end.
    func read(at offset: Int) throws -> ByteBuffer? {
        var buffer = ByteBuffer()
        let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.chunkBytes) { room in
            while true {
                let count = pread(descriptor, room.baseAddress, Self.chunkBytes, off_t(offset))
                if count >= 0 { return count }
                guard errno == EINTR else { throw SpoolFailure("it can't be read", errno) }
            }
        }
        return count == 0 ? nil : buffer
    }
}

/// A long body can't be kept.
struct SpoolFailure: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ number: Int32) {
        description =
            "The spool of long bodies fails: \(what): \(String(cString: strerror(number))). Look at its directory."
    }
}

/// A spooled body from its begin: each send makes its own.
struct SpooledBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: SpoolFile

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: SpoolFile
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            let buffer = try file.read(at: offset)
            offset += buffer?.readableBytes ?? 0
            return buffer
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file) }
}
