import ClusterModel
import GuardedProcess

/// What one instance is doing: inputs change it and return what is to be done once its lock is let go.
///
/// `running → ended`; a `failure` while running makes it useless at once, the end of its process follows.
struct InstanceState {
    typealias TurnContinuation = CheckedContinuation<FinishedTurn, Never>
    typealias ControlContinuation = CheckedContinuation<ControlAnswer, any Error>
    typealias EndContinuation = CheckedContinuation<InstanceEnd?, Never>

    /// How a turn ended, with what `/clear` needs to know.
    struct FinishedTurn: Sendable {
        var ending: TurnEnding
        var conversationReset: Bool
    }

    /// To be done after the lock.
    enum Effect {
        case resumeTurn(TurnContinuation, FinishedTurn)
        case resumeControl(ControlContinuation, Result<ControlAnswer, InstanceFailure>)
        case resumeEnd(EndContinuation, InstanceEnd?)
        /// Nothing more can come of this process: kill it.
        case kill
        case refuse(requestID: String)
        /// The open turn can come to no good.
        case interrupt
        /// The CLI repeats a call by itself.
        case countRetry(error: String, status: Int?)
    }

    private struct OpenTurn {
        var uuid: String
        var continuation: TurnContinuation
        var retries = 0
        var lastRetryStatus: Int?
        /// The status with which the service refused the credential, twice in a row: the turn is interrupted for it.
        var refusedStatus: Int?
        var conversationReset = false
        var lastMessageID: String?
    }

    /// Whether every result must hold the object of a schema.
    let schemaAsked: Bool
    private(set) var sessionID: String?
    private(set) var version: String?
    private(set) var claudePID: Int32?
    /// Nil before the start and from the moment on at which the number may be another process's.
    var guardPID: Int32?
    private(set) var end: InstanceEnd?
    private(set) var failure: InstanceFailure?
    private(set) var skippedLines = 0
    private(set) var stopping = false
    /// Tools that the model called and whose results have not come.
    private(set) var openTools = 0
    /// Whether a turn may still begin.
    var takesTurns = true

    private var turn: OpenTurn?
    private var controls: [String: ControlContinuation] = [:]
    private var endWaiters: [Int: EndContinuation] = [:]
    private var nextID = 0
    private var totalCostUSD = 0.0
    private var totalDurationAPI: Milliseconds = 0
    var streamTail = TailBuffer(limitBytes: Limits.failureDetailBytes)
    var errorTail = TailBuffer(limitBytes: Limits.failureDetailBytes)

    init(schemaAsked: Bool = false) { self.schemaAsked = schemaAsked }

    // MARK: What callers begin

    mutating func beginTurn(uuid: String, _ continuation: TurnContinuation) -> [Effect] {
        if let failure = failure ?? endedFailure() {
            return [.resumeTurn(continuation, FinishedTurn(ending: .broken(failure), conversationReset: false))]
        }
        if turn != nil || stopping || !takesTurns {
            let sentence =
                stopping || !takesTurns
                ? "a turn was begun on an instance that is being stopped"
                : "a turn was begun while another is open: an instance serves one at a time"
            let ending = TurnEnding.broken(InstanceFailure(.misuse, sentence))
            return [.resumeTurn(continuation, FinishedTurn(ending: ending, conversationReset: false))]
        }
        turn = OpenTurn(uuid: uuid, continuation: continuation)
        // What a failure keeps is its own turn's: the one before may have been another task's.
        streamTail = TailBuffer(limitBytes: Limits.failureDetailBytes)
        errorTail = TailBuffer(limitBytes: Limits.failureDetailBytes)
        return []
    }

    /// Whether the turn with this id still waits for its result.
    func isOpen(uuid: String) -> Bool { turn?.uuid == uuid }

    mutating func makeID() -> Int {
        nextID += 1
        return nextID
    }

    mutating func beginControl(id: String, _ continuation: ControlContinuation) -> [Effect] {
        if let failure = failure ?? endedFailure() { return [.resumeControl(continuation, .failure(failure))] }
        controls[id] = continuation
        return []
    }

    mutating func awaitEnd(id: Int, _ continuation: EndContinuation) -> [Effect] {
        if let end { return [.resumeEnd(continuation, end)] }
        endWaiters[id] = continuation
        return []
    }

    mutating func giveUpAwaitingEnd(id: Int) -> [Effect] {
        endWaiters.removeValue(forKey: id).map { [.resumeEnd($0, nil)] } ?? []
    }

    mutating func giveUpControl(id: String, after limit: Duration) -> [Effect] {
        guard let continuation = controls.removeValue(forKey: id) else { return [] }
        let failure = InstanceFailure(
            .timedOut, "claude did not answer a control request within \(limit)", detail: detail)
        return [.resumeControl(continuation, .failure(failure))]
    }

    /// The turn with this id has lasted too long for what it is; nothing happens when it has ended.
    mutating func giveUpTurn(uuid: String, after limit: Duration) -> [Effect] {
        guard turn?.uuid == uuid else { return [] }
        return breakDown(.timedOut, "claude did not answer a command of its own within \(limit)")
    }

    mutating func markStopping() { stopping = true }

    // MARK: What the process does

    mutating func initialized(_ answer: ControlAnswer) {
        version = answer.response?.claude_code_version
        claudePID = answer.response?.pid
    }

    mutating func received(_ line: [UInt8]) -> [Effect] {
        let incoming: IncomingLine
        do {
            incoming = try IncomingLine(line)
        } catch let malformed as IncomingLine.Malformed {
            let what =
                malformed.type.isEmpty
                ? "a line that begins like JSON and is none" : "a `\(malformed.type)` line that cannot be read"
            return breakDown(.garbage, "claude wrote \(what): \(Self.shortened(line))")
        } catch {
            return breakDown(.garbage, "claude wrote a line that cannot be read (\(error)): \(Self.shortened(line))")
        }
        countTools(line)
        switch incoming {
        case .initialized(let session):
            sessionID = session
        case .conversationReset:
            turn?.conversationReset = true
        case .message(let id):
            turn?.lastMessageID = id
        case .apiRetry(let error, let status):
            return [.countRetry(error: error, status: status)] + retried(status)
        case .result(let result, let structuredJSON):
            return received(result, structuredJSON: structuredJSON)
        case .controlResponse(let answer):
            guard let continuation = controls.removeValue(forKey: answer.requestID) else { break }
            guard answer.subtype == "success" else {
                let reason = answer.error ?? "no reason given"
                return [
                    .resumeControl(
                        continuation, .failure(InstanceFailure(.refused, "claude refused a control request: \(reason)"))
                    )
                ]
            }
            return [.resumeControl(continuation, .success(answer))]
        case .controlRequest(let id):
            return [.refuse(requestID: id)]
        case .other(let isMessage):
            if !isMessage { skippedLines += 1 }
        }
        return []
    }

    /// What is quoted inside a text is escaped there, so these bytes stand for nothing else.
    private mutating func countTools(_ line: [UInt8]) {
        if line.starts(with: #"{"type":"assistant""#.utf8) {
            openTools += Self.count(Array(#""type":"tool_use""#.utf8), in: line)
        } else if line.starts(with: #"{"type":"user""#.utf8) {
            openTools = max(0, openTools - Self.count(Array(#""type":"tool_result""#.utf8), in: line))
        } else if line.starts(with: #"{"type":"result""#.utf8) {
            openTools = 0
        }
    }

    private static func count(_ word: [UInt8], in line: [UInt8]) -> Int {
        var count = 0
        var index = 0
        while index + word.count <= line.count {
            if line[index] == word[0], line[index + 8] == word[8], line[index..<index + word.count].elementsEqual(word)
            {
                count += 1
                index += word.count
            } else {
                index += 1
            }
        }
        return count
    }

    /// The CLI repeats a refused credential ten times over three minutes: nothing is gained by waiting for that. The first refusal may be
    /// of a token that it renews by itself.
    private mutating func retried(_ status: Int?) -> [Effect] {
        let refusedBefore = turn?.lastRetryStatus.map(Verdict.isRefusal) == true
        turn?.retries += 1
        turn?.lastRetryStatus = status
        guard let status, Verdict.isRefusal(status), refusedBefore, turn?.refusedStatus == nil else { return [] }
        turn?.refusedStatus = status
        return [.interrupt]
    }

    private mutating func received(_ line: ResultLine, structuredJSON: String?) -> [Effect] {
        sessionID = line.sessionID
        let total = line.totalCostUSD ?? totalCostUSD
        // A total below the last one has begun anew (`/clear`).
        let spent = total >= totalCostUSD ? Self.micro(total) - Self.micro(totalCostUSD) : Self.micro(total)
        totalCostUSD = total
        let totalAPI = TurnResult.length(line.durationAPIMilliseconds)
        let durationAPI =
            totalAPI < totalDurationAPI ? totalAPI : Milliseconds(totalAPI.rawValue - totalDurationAPI.rawValue)
        totalDurationAPI = totalAPI
        guard let open = turn, line.userMessageUUID == nil || line.userMessageUUID == open.uuid else {
            skippedLines += 1
            return []
        }
        turn = nil
        var result = TurnResult(
            line, structuredJSON: structuredJSON, costMicroUSD: spent, durationAPI: durationAPI, retries: open.retries,
            lastRetryStatus: open.lastRetryStatus)
        result.lastMessageID = open.lastMessageID
        if result.isError, result.apiErrorStatus == nil { result.apiErrorStatus = open.refusedStatus }
        if !result.isClean(schemaAsked: schemaAsked) { result.lastWords = detail }
        return [
            .resumeTurn(
                open.continuation, FinishedTurn(ending: .result(result), conversationReset: open.conversationReset))
        ]
    }

    /// From now on the instance is useless: whoever waits is told, and the process is to be killed.
    mutating func breakDown(_ code: InstanceFailure.Code, _ message: String) -> [Effect] {
        guard failure == nil, end == nil else { return [] }
        let failure = InstanceFailure(code, message, detail: detail)
        self.failure = failure
        return failWaiters(failure) + [.kill]
    }

    /// The guard has ended, and with it everything below.
    mutating func ended(_ end: InstanceEnd) -> [Effect] {
        self.end = end
        guardPID = nil
        var effects = endedFailure().map { failWaiters(failure ?? $0) } ?? []
        effects += endWaiters.values.map { .resumeEnd($0, end) }
        endWaiters = [:]
        return effects
    }

    private mutating func failWaiters(_ failure: InstanceFailure) -> [Effect] {
        var effects: [Effect] = controls.values.map { .resumeControl($0, .failure(failure)) }
        controls = [:]
        if let open = turn {
            turn = nil
            effects.append(
                .resumeTurn(
                    open.continuation, FinishedTurn(ending: .broken(failure), conversationReset: open.conversationReset)
                ))
        }
        return effects
    }

    private func endedFailure() -> InstanceFailure? {
        guard let end else { return nil }
        let lastWords = end.standardErrorTail.split(separator: "\n").last.map { ": \($0.prefix(500))" } ?? ""
        return InstanceFailure(.exited, "claude ended with exit code \(end.exitCode)\(lastWords)", detail: detail)
    }

    /// The end of both streams, standard error's first since it is the shorter and says more.
    private var detail: String {
        let errors = errorTail.text
        let separator = errors.isEmpty || errors.hasSuffix("\n") ? "" : "\n"
        let room = max(0, Limits.failureDetailBytes - errors.utf8.count - separator.utf8.count)
        // Decoding can lengthen a cut character, hence the cut after it.
        return errors + separator + String(decoding: streamTail.text.utf8.suffix(room), as: UTF8.self)
    }

    private static func micro(_ dollars: Double) -> UInt64 {
        dollars.isFinite && dollars > 0 && dollars < 1e12 ? UInt64((dollars * 1_000_000).rounded()) : 0
    }

    private static func shortened(_ line: [UInt8]) -> String { String(decoding: line.prefix(200), as: UTF8.self) }
}

extension TurnResult {
    init(
        _ line: ResultLine, structuredJSON: String?, costMicroUSD: UInt64, durationAPI: Milliseconds, retries: Int,
        lastRetryStatus: Int?
    ) {
        self.init(
            subtype: line.subtype, isError: line.isError, resultText: line.result, structuredJSON: structuredJSON,
            sessionID: line.sessionID, numTurns: line.numTurns ?? 0, duration: Self.length(line.durationMilliseconds),
            durationAPI: durationAPI, totalCostUSD: line.totalCostUSD ?? 0,
            costMicroUSD: costMicroUSD,
            usage: Usage(
                inputTokens: line.usage?.input_tokens ?? 0, outputTokens: line.usage?.output_tokens ?? 0,
                cacheReadInputTokens: line.usage?.cache_read_input_tokens ?? 0,
                cacheCreationInputTokens: line.usage?.cache_creation_input_tokens ?? 0),
            permissionDenials: line.permissionDenials?.map(\.tool_name) ?? [], terminalReason: line.terminalReason,
            apiErrorStatus: line.apiErrorStatus, errors: line.errors ?? [], retries: retries,
            lastRetryStatus: lastRetryStatus)
    }

    /// Whether no verdict could find anything amiss: then nobody will ask what was said last.
    fileprivate func isClean(schemaAsked: Bool) -> Bool {
        subtype == "success" && !isError && terminalReason ?? "completed" == "completed" && permissionDenials.isEmpty
            && (structuredJSON != nil || !schemaAsked)
    }

    /// The CLI writes milliseconds as any JSON number.
    static func length(_ milliseconds: Double?) -> Milliseconds {
        guard let milliseconds, milliseconds.isFinite, milliseconds > 0, milliseconds < 1e15 else { return 0 }
        return Milliseconds(Int64(milliseconds))
    }
}
