import ClusterModel

/// Attempts whose calls nobody meters, on agents without a gateway: what one will probably take is taken when it starts, and settled by
/// what it reports. So limits are kept on the average alone, and not call by call.
extension CallDesk {
    /// Apart from the numbers that holders give their calls.
    private static let attemptBit: UInt64 = 1 << 63

    private static func key(_ task: UInt64, _ holder: UInt64) -> Key { Key(holder: holder, number: task | attemptBit) }

    /// Takes what an attempt will probably take, or nothing: false. `costs` are by the bucket's place, in thousandths; where nothing is known,
    /// it is one call of the model.
    public mutating func reserve(
        _ task: UInt64, service: String, model: String, kind: String, priority: Priority, costs: [Int64],
        holder: UInt64, at now: Instant
    ) -> Bool {
        let key = Self.key(task, holder)
        guard calls[key] == nil else { return true }
        let wish = CallWish(
            number: key.number, service: service, endpoint: "messages", model: model, kind: kind, priority: priority,
            task: task)
        let draws = draws(for: wish, at: now)
        let estimates = estimates(for: wish)
        var wanted = self.costs(draws, estimates)
        for (place, draw) in draws.enumerated() where draw.kind != .concurrency && draw.bucket.place < costs.count {
            let learned = (costs[draw.bucket.place] + 999) / 1000
            if learned > 0 { wanted[place] = PermitCost(draw.bucket, min(learned, QuotaLimits.amount)) }
        }
        do throws(QuotaRefusal) {
            let answer = try book.ask(PermitRequest(holder: holder, priority: priority, costs: wanted), at: now)
            guard case .granted(let id) = answer else {
                if case .waits(let id) = answer {
                    reservationDue = book.nextTime(of: id)
                    book.cancelWaiting(id)
                }
                return false
            }
            calls[key] = Call(
                permit: id, isOpen: false, wish: wish, draws: draws, estimatedInput: estimates.input,
                estimatedOutput: estimates.output, askedAt: now)
            keys[id] = key
            spends[task] = TaskSpend()
            opened(key, at: now)
            return true
        } catch { return false }
    }

    /// Whoever starts attempts looks again now.
    public mutating func forgetReservationDue() { reservationDue = nil }

    /// An attempt has ended. What it reported (nil: nothing) replaces what was taken for it; of calls nobody knows how many it made.
    public mutating func settleAttempt(_ task: UInt64, holder: UInt64, input: Int64?, output: Int64?, at now: Instant) {
        let key = Self.key(task, holder)
        guard let call = calls[key] else { return }
        changedSinceRecord = true
        var actual: [PermitCost] = []
        for draw in call.draws {
            switch draw.kind {
            case .inputTokens: if let input { actual.append(PermitCost(draw.bucket, input)) }
            case .outputTokens: if let output { actual.append(PermitCost(draw.bucket, output)) }
            case .tokens:
                if let input, let output { actual.append(PermitCost(draw.bucket, input + output)) }
            default: break
            }
        }
        book.settle(call.permit, actual: actual, at: now)
        noteSpend(
            call, costs(call.draws, (input ?? call.estimatedInput, output ?? call.estimatedOutput)))
        forget(key, call)
        advance(to: now)
    }
}
