import AsyncHTTPClient
import ClusterModel
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1

/// What the gateway itself calls a call's end, in ``CallReport/errorType``, where the service named nothing.
public enum GatewayErrorType {
    /// The instance closed its connection, or was stopped.
    public static let callerLeft = "caller_left"
    /// The service could not be reached, broke the connection, or sent what is no HTTP.
    public static let connection = "connection_error"
    /// The service was silent for ``GatewayLimits/idleTimeout``.
    public static let silence = "timeout_error"
    /// A limit of a service other than Claude was hit.
    public static let limited = "rate_limit_error"
}

/// An answer of which nothing was passed on yet.
struct KeptAnswer {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer
    /// What comes after ``body``; nil: nothing.
    var rest: HTTPClientResponse.Body.AsyncIterator?
}

/// What came of one send.
enum ExchangeOutcome {
    /// Passed on, but for its end.
    case whole
    /// Broke after something was passed on.
    case cut
    case kept(KeptAnswer)
    /// Nothing was passed on, and nothing will come, for this reason.
    case noAnswer(String)
    /// Nobody waits for it any more.
    case left
    /// It can't be sent.
    case impossible(String)
}

/// One call on its way to a service and back, which is sent once or several times.
struct Exchange: Sendable {
    /// The most of an error's body that is looked at before it is passed on.
    static let errorBodyBytes = 1024 * 1024
    /// Between two words of ``CallPermits/progress(_:_:)`` while text comes.
    static let progressInterval = Duration.seconds(1)

    let call: MeteredCall
    let method: HTTPRequest.Method
    let fields: HTTPFields
    let target: String
    let body: CallBody
    let upstream: Upstream
    let limits: GatewayLimits
    let permits: any CallPermits
    let counter: GatewayCounter
    let answer: AnswerWriter

    /// Sends the call, and passes an answer of success on but for its end.
    func send(_ granted: GrantedCall) async -> (CallEnd, ExchangeOutcome) {
        var request = HTTPClientRequest(url: upstream.address.base + target)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers = HeaderRules.upstream(fields, credential: upstream.credential)
        request.body = body.content
        let start = ContinuousClock.now
        let response: HTTPClientResponse
        do {
            response = try await upstream.client.execute(
                request, deadline: .now() + .milliseconds(limits.idleTimeout.rawValue))
        } catch {
            if let why = BrokenConnection.unsendable(error) { return (.unsent, .impossible(why)) }
            return broken(error, report(start), passedOn: false)
        }
        let said = report(start, of: response)
        guard (200..<300).contains(response.status.code) else { return await keep(response, said, start) }
        return await pass(response, said, start, granted)
    }

    /// The rest of an answer that was kept.
    func pass(_ kept: KeptAnswer) async throws {
        try await answer.begin(head(kept.status, kept.headers))
        try await answer.write(kept.body)
        var rest = kept.rest
        while let chunk = try await rest?.next() { try await answer.write(chunk) }
        try Task.checkCancellation()
        try await answer.finish()
    }

    private func keep(
        _ response: HTTPClientResponse, _ said: CallReport, _ start: ContinuousClock.Instant
    ) async -> (CallEnd, ExchangeOutcome) {
        var said = said
        var body = ByteBuffer()
        var iterator = response.body.makeAsyncIterator()
        var isWhole = false
        do {
            while body.readableBytes <= Self.errorBodyBytes {
                guard let chunk = try await iterator.next() else {
                    try Task.checkCancellation()
                    isWhole = true
                    break
                }
                body.writeImmutableBuffer(chunk)
            }
        } catch {
            return broken(error, timed(said, start), passedOn: false)
        }
        said.errorType = body.withUnsafeReadableBytes(ErrorBody.type)
        let header: (String) -> String? = { response.headers.first(name: $0) }
        if said.errorType.isEmpty, RepeatRule.judge(call, status: said.status, header: header) == .limited {
            said.errorType = GatewayErrorType.limited
        }
        let kept = KeptAnswer(
            status: Int(response.status.code), headers: response.headers, body: body, rest: isWhole ? nil : iterator)
        return (.sent(timed(said, start)), .kept(kept))
    }

    private func pass(
        _ response: HTTPClientResponse, _ said: CallReport, _ start: ContinuousClock.Instant, _ granted: GrantedCall
    ) async -> (CallEnd, ExchangeOutcome) {
        var said = said
        var meter = AnswerMeter(call: call, contentType: response.headers.first(name: "content-type"))
        defer { counter.count(\.nonsenseUsage, by: meter.nonsense) }
        var iterator = response.body.makeAsyncIterator()
        var lastProgress: ContinuousClock.Instant?
        do {
            while let chunk = try await iterator.next() {
                if let news = chunk.withUnsafeReadableBytes({ meter.feed($0) }) {
                    let now = ContinuousClock.now
                    let isDue = lastProgress.map { now - $0 >= Self.progressInterval } ?? true
                    if news == .started || isDue {
                        lastProgress = now
                        permits.progress(granted, meter.usage)
                    }
                }
                do {
                    if !answer.hasBegun { try await answer.begin(head(Int(response.status.code), response.headers)) }
                    try await answer.write(chunk)
                } catch {
                    said.usage = meter.usage
                    return left(timed(said, start))
                }
            }
            try Task.checkCancellation()
            if !answer.hasBegun { try await answer.begin(head(Int(response.status.code), response.headers)) }
        } catch {
            said.usage = meter.usage
            return broken(error, timed(said, start), passedOn: answer.hasBegun)
        }
        said.usage = meter.usage
        said.errorType = meter.errorType
        said.isCut = meter.lacksEnd
        return (.sent(timed(said, start)), .whole)
    }

    private func broken(_ error: any Error, _ said: CallReport, passedOn: Bool) -> (CallEnd, ExchangeOutcome) {
        guard !Task.isCancelled, !(error is CancellationError) else { return left(said) }
        var said = said
        let broken = BrokenConnection(error, service: upstream.service, limits: limits)
        said.isCut = true
        said.errorType = broken.errorType
        return (.sent(said), passedOn ? .cut : .noAnswer(broken.words))
    }

    private func left(_ said: CallReport) -> (CallEnd, ExchangeOutcome) {
        var said = said
        said.isCut = true
        said.errorType = GatewayErrorType.callerLeft
        return (.sent(said), .left)
    }

    private func head(_ status: Int, _ headers: HTTPHeaders) -> HTTPResponse {
        HTTPResponse(status: .init(code: status), headerFields: HeaderRules.answer(headers, to: method))
    }

    private func report(_ start: ContinuousClock.Instant, of response: HTTPClientResponse? = nil) -> CallReport {
        guard let response else { return timed(CallReport(status: nil, sentAgo: 0), start) }
        let wall = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let words = LimitHeaders(now: wall) { response.headers.first(name: $0) }
        return CallReport(
            status: Int(response.status.code), sentAgo: 0, retryAfter: words.retryAfter(service: call.service),
            words: words.words(service: call.service))
    }

    private func timed(_ said: CallReport, _ start: ContinuousClock.Instant) -> CallReport {
        var said = said
        let passed = (ContinuousClock.now - start).components
        said.sentAgo = Milliseconds(passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000)
        return said
    }
}
