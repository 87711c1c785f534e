/// Reads what an answer of success has used, by the form that the answer has.
struct AnswerMeter: Sendable {
    private enum Form: Sendable {
        case events(StreamUsage)
        case object(BodyUsage)
        /// It tells of no usage.
        case silent
    }

    private var form: Form

    init(call: MeteredCall, contentType: String?) {
        let type = (contentType ?? "").lowercased()
        guard call.service == MeteredService.claude, call.endpoint == CallRoute.messagesEndpoint else {
            form = .silent
            return
        }
        if type.hasPrefix("text/event-stream") {
            form = .events(StreamUsage())
        } else {
            form = type.hasPrefix("application/json") ? .object(BodyUsage()) : .silent
        }
    }

    var usage: CallUsage {
        switch form {
        case .events(let stream): stream.usage
        case .object(let body): body.usage
        case .silent: CallUsage()
        }
    }

    var nonsense: Int {
        switch form {
        case .events(let stream): stream.nonsense
        case .object(let body): body.nonsense
        case .silent: 0
        }
    }

    /// An error that came inside the stream; empty: none.
    var errorType: String {
        if case .events(let stream) = form { stream.errorType } else { "" }
    }

    /// A stream that came to its end without the message's own end.
    var lacksEnd: Bool {
        if case .events(let stream) = form { !stream.hasEnded } else { false }
    }

    /// Reads on.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> StreamUsage.News? {
        switch form {
        case .events(var stream):
            let news = stream.feed(bytes)
            form = .events(stream)
            return news
        case .object(var body):
            body.feed(bytes)
            form = .object(body)
        case .silent: break
        }
        return nil
    }
}
