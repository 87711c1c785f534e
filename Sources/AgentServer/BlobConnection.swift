import ClusterModel
import ClusterWire
import Synchronization
import ZeroMQ

/// Why a blob didn't come or go. It may be tried again.
struct BlobError: Error, CustomStringConvertible, Sendable {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A connection of its own to the coordinator's blob endpoint: large content never holds up the heartbeat.
final class BlobConnection: Sendable {
    typealias Reply = Ccorchestrator_V1_BlobReply

    /// How long one chunk's answer may take.
    static let replyTimeout: Duration = .seconds(10)
    let endpoint: String
    private let connection: DealerConnection
    private let waiting: Waiting

    private final class Waiting: Sendable {
        struct State {
            var lastID: UInt64 = 0
            var open: [UInt64: CheckedContinuation<Reply, any Error>] = [:]
        }
        let state = Mutex(State())

        func answer(_ id: UInt64, _ result: Result<Reply, any Error>) {
            let continuation = state.withLock { $0.open.removeValue(forKey: id) }
            continuation?.resume(with: result)
        }
    }

    init(context: Context, endpoint: String, keys: CurveKeyPair, serverKey: CurvePublicKey) throws {
        self.endpoint = endpoint
        let waiting = Waiting()
        self.waiting = waiting
        connection = try DealerConnection(
            context: context, endpoint: endpoint, keys: keys, serverKey: serverKey,
            onMessage: { bytes in
                // What can't be read answers nobody; its request runs into its time limit.
                guard let reply = try? Reply(serializedBytes: Array(bytes)) else { return }
                waiting.answer(reply.requestID, .success(reply))
            })
    }

    /// Sends one request and waits for its answer.
    func ask(_ body: Ccorchestrator_V1_BlobRequest.OneOf_Body) async throws -> Reply {
        let id = waiting.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        var request = Ccorchestrator_V1_BlobRequest()
        request.requestID = id
        request.protocol = .current
        request.body = body
        let frame: [UInt8] = try request.serializedBytes()
        let timer = Task { [waiting, endpoint] in
            do { try await Task.sleep(for: Self.replyTimeout) } catch { return }  // Cancelled: the answer has come.
            waiting.answer(id, .failure(BlobError("\(endpoint) did not answer within \(Self.replyTimeout)")))
        }
        defer { timer.cancel() }
        let reply = try await withCheckedThrowingContinuation { continuation in
            waiting.state.withLock { $0.open[id] = continuation }
            do { try connection.send(frame) } catch { waiting.answer(id, .failure(error)) }
        }
        if case .failure(let failure) = reply.body {
            throw BlobError("the coordinator refused a blob (\(failure.code)): \(failure.message)")
        }
        return reply
    }

    func close() { connection.close(lingerMilliseconds: 0) }
}
