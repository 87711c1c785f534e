import ClusterModel
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Answers each request of the instances.
struct CallHandler: Sendable {
    let instances: InstanceTable
    let callers: Callers
    let upstreams: Upstreams
    let permits: any CallPermits
    let limits: GatewayLimits
    let spoolDirectory: String
    let counter: GatewayCounter
    let logger: Logger

    /// Handles one request in a task that ends when its caller leaves, its instance goes or the gateway stops.
    ///
    /// - Throws: what makes the server break the connection off.
    func handle(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let answer = AnswerWriter(writer, method: request.method)
        let cancel = CancelSwitch()
        let task = Task { try await respond(to: request, answer, cancel) }
        cancel.install { task.cancel() }
        callers.attach(cancel, to: channel)
        defer { callers.release(channel) }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func respond(to request: Request, _ answer: AnswerWriter, _ cancel: CancelSwitch) async throws {
        do {
            try await serve(request, answer, cancel)
        } catch let own as GatewayAnswer where !answer.hasBegun {
            try await answer.send(own)
            if own.closes { throw CallForwarder.BrokenOff() }
        } catch let failure as SpoolFailure where !answer.hasBegun {
            logger.error("\(failure)")
            try await answer.send(.failure(failure.description))
        }
    }

    private func serve(_ request: Request, _ answer: AnswerWriter, _ cancel: CancelSwitch) async throws {
        guard let route = CallRoute(method: request.method, path: request.head.path ?? ""),
            let instance = instances.find(route.pathWord), let upstream = upstreams[route.service]
        else {
            counter.count(\.refusedPaths)
            throw GatewayAnswer.notFound
        }
        guard holdsKey(request.headers, of: instance) else {
            counter.count(\.refusedKeys)
            throw GatewayAnswer.notFound
        }
        guard counter.open(most: limits.openCalls) else { throw GatewayAnswer.busy(limits.openCalls) }
        defer { counter.count(\.openNow, by: -1) }
        let number = instance.calls.insert(cancel)
        defer { instance.calls.remove(number) }
        let body = try await CallBody(of: request, limits: limits, spoolDirectory: spoolDirectory)
        try Task.checkCancellation()
        let isClaude = route.service == MeteredService.claude
        let call = MeteredCall(
            instance: instance.name, service: route.service, endpoint: route.endpoint,
            model: isClaude ? body.facts.model : "", bodyBytes: body.count,
            maxOutput: isClaude ? body.facts.maxOutput : 0,
            scope: CallScope.issue(route, method: request.method),
            createsContent: CallScope.createsContent(route, method: request.method))
        let exchange = Exchange(
            call: call, method: request.method, fields: request.headers, target: route.target, body: body,
            upstream: upstream, limits: limits, permits: permits, counter: counter, answer: answer)
        try await CallForwarder(exchange: exchange).run()
    }

    private func holdsKey(_ fields: HTTPFields, of instance: RegisteredInstance) -> Bool {
        if let name = HTTPField.Name("x-api-key"), let key = fields[name], Secrets.equal(key, instance.key) {
            return true
        }
        guard let key = fields[.authorization].flatMap(Secrets.key(inAuthorization:)) else { return false }
        return Secrets.equal(key, instance.key)
    }
}
