import ClusterModel
import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The coordinator's HTTP: whether it lives and whether it is ready, for supervisors on the same machine. It tells nothing of jobs.
public struct CoordinatorHTTPServer: Service {
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let address: String

    /// A server that has not started.
    ///
    /// - Parameters:
    ///   - host: where to listen; settings allow loopback alone.
    ///   - port: 0 takes a free one, which the log names.
    public init(host: String, port: Int, queries: some CoordinatorQueries, logger: Logger) {
        address = "\(host):\(port)"
        let router = Router()
        router.add(middleware: LoopbackHostOnly())
        router.get("/healthz") { _, _ in "alive\n" }
        router.get("/readyz") { _, _ -> Response in
            let reason = await queries.notReadyBecause()
            return Response(
                status: reason == nil ? .ok : .serviceUnavailable, headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: (reason ?? "ready") + "\n")))
        }
        application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: "cc-coordinator"),
            logger: logger)
    }

    /// Serves until graceful shutdown.
    ///
    /// - Throws: ``HTTPUnavailable`` when the port is in use or the address is not this machine's.
    public func run() async throws {
        do {
            try await application.run()
        } catch let error as IOError {
            let why =
                error.errnoCode == EADDRINUSE
                ? "is in use by another program: stop it" : "can't be listened on (\(error))"
            throw HTTPUnavailable(description: "\(address) \(why), choose another --http, or say --http off")
        }
    }
}

/// HTTP can't be served, in words.
public struct HTTPUnavailable: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public var description: String
}

/// Only requests that name a loopback host are answered: a page in somebody's browser that points a name of its own here gets nothing.
struct LoopbackHostOnly<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? ""
        let host =
            authority.hasPrefix("[")
            ? String(authority.prefix { $0 != "]" }) + "]" : String(authority.prefix { $0 != ":" })
        guard host == "localhost" || host == "[::1]" || host.hasPrefix("127.") else {
            throw HTTPError(.misdirectedRequest, message: "this server answers on loopback only")
        }
        return try await next(request, context)
    }
}
