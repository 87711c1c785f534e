import Foundation
import Glibc
import Synchronization

/// A server made by hand, which does with each connection what the test says.
final class RawUpstream: Sendable {
    struct Received: Sendable {
        var line: String
        var headers: [String: String]
        var body: [UInt8]
    }

    struct State: Sendable {
        var connections = 0
        var requests: [Received] = []
        /// Connections that the other side has closed.
        var left = 0
    }

    let port: Int
    let state = Watched(State())
    private let listener: Int32

    /// `script` has a thread for each connection; the number is the connection's, from 0.
    init(_ script: @escaping @Sendable (RawConnection, Int) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let state = state
        Thread.detachNewThread {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                let number = state.change { state in
                    state.connections += 1
                    return state.connections - 1
                }
                Thread.detachNewThread {
                    let connection = RawConnection(descriptor, state)
                    script(connection, number)
                    connection.end()
                }
            }
            // Closed here alone: a number that is closed elsewhere could be another socket's by now.
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)" }
}

/// One connection, used by its thread alone.
final class RawConnection {
    private let descriptor: Int32
    private let state: Watched<RawUpstream.State>
    private var buffered: [UInt8] = []

    init(_ descriptor: Int32, _ state: Watched<RawUpstream.State>) {
        self.descriptor = descriptor
        self.state = state
    }

    /// Reads one request; nil when the other side has closed.
    @discardableResult
    func request() -> RawUpstream.Received? {
        let blank = Array("\r\n\r\n".utf8)
        var end: Int?
        while end == nil {
            end = buffered.indices.first { buffered[$0...].starts(with: blank) }
            if end == nil, !fill() { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: buffered[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        buffered.removeFirst(end + blank.count)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffered.count < length { guard fill() else { return nil } }
        let body = Array(buffered.prefix(length))
        buffered.removeFirst(length)
        let received = RawUpstream.Received(line: lines[0], headers: headers, body: body)
        state.change { $0.requests.append(received) }
        return received
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Sends until the other side has taken nothing for two seconds; how many bytes it took.
    func sendUntilHeldBack(atMost most: Int) -> Int {
        let chunk = [UInt8](repeating: 0x61, count: 1 << 20)
        var sent = 0
        while sent < most {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 2_000) == 1 else { break }
            let count = Glibc.send(descriptor, chunk, chunk.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// A whole answer.
    func answer(_ status: String, headers: [String] = [], body: String = "") {
        let head = ["HTTP/1.1 \(status)"] + headers + ["content-length: \(body.utf8.count)"]
        send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// The head of a stream, whose parts are sent by ``event(_:)``.
    func beginStream() {
        send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    func event(_ data: String) {
        let text = "data: \(data)\n\n"
        send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
    }

    func endStream() { send("0\r\n\r\n") }

    /// Waits until the other side has closed.
    func waitUntilLeft() {
        while fill() {}
        state.change { $0.left += 1 }
    }

    func end() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffered.append(contentsOf: chunk[..<count])
        return true
    }
}

/// What a message's stream says, in short.
enum Events {
    static func start(input: Int, cacheCreation: Int = 0, cacheRead: Int = 0, output: Int = 1) -> String {
        #"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":\#(input),"#
            + #""cache_creation_input_tokens":\#(cacheCreation),"cache_read_input_tokens":\#(cacheRead),"#
            + #""output_tokens":\#(output)}}}"#
    }
    static func text(_ text: String) -> String {
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#
    }
    static func delta(output: Int) -> String {
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":\#(output)}}"#
    }
    static let stop = #"{"type":"message_stop"}"#
}
