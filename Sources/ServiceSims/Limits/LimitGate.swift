import Foundation

/// The three limits of the API, together: a call passes all of them or is charged by none.
struct LimitGate: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case requests
        case inputTokens = "input-tokens"
        case outputTokens = "output-tokens"
    }

    struct Refusal: Hashable, Sendable {
        let kind: Kind
        let limitPerMinute: Int
        let retryAfterSeconds: Int64
    }

    private struct Meter: Sendable {
        var bucket: TokenBucket?
        var used = 0
        var refused = 0
    }

    private var meters: [Kind: Meter] = [:]

    init(limits: [Kind: RateLimit], now: Int64) {
        for kind in Kind.allCases { meters[kind] = Meter(bucket: limits[kind].map { TokenBucket($0, now: now) }) }
    }

    /// Lets a call with `inputTokens` in, or says which limit stands in its way. The request and its input are charged
    /// at once; output needs one token in its bucket and is charged by ``produced(_:now:)``.
    mutating func admit(inputTokens: Int, now: Int64) -> Refusal? {
        let needs: [(Kind, Int)] = [(.requests, 1), (.inputTokens, inputTokens), (.outputTokens, 1)]
        for (kind, amount) in needs {
            guard let bucket = meters[kind]?.bucket else { continue }
            let wait = bucket.nanoseconds(until: amount, now: now)
            guard wait > 0 else { continue }
            meters[kind]?.refused += 1
            return Refusal(
                kind: kind, limitPerMinute: bucket.limit.perMinute,
                retryAfterSeconds: TokenBucket.wholeSeconds(wait))
        }
        charge(.requests, 1, now: now)
        charge(.inputTokens, inputTokens, now: now)
        return nil
    }

    /// Charges output tokens at the moment they are sent.
    mutating func produced(_ outputTokens: Int, now: Int64) { charge(.outputTokens, outputTokens, now: now) }

    private mutating func charge(_ kind: Kind, _ amount: Int, now: Int64) {
        meters[kind]?.used += amount
        meters[kind]?.bucket?.charge(amount, now: now)
    }

    func used(_ kind: Kind) -> Int { meters[kind]?.used ?? 0 }

    func stats(now: Int64) -> [String: SimStats.Limit] {
        var result: [String: SimStats.Limit] = [:]
        for (kind, meter) in meters {
            result[kind.rawValue.replacingOccurrences(of: "-", with: "_")] = SimStats.Limit(
                limit: meter.bucket?.limit.perMinute, burst: meter.bucket?.limit.burst, used: meter.used,
                refused: meter.refused, level: meter.bucket?.level(now: now))
        }
        return result
    }

    /// The documented `anthropic-ratelimit-…` headers; a limit that is not set has none. `wallSeconds` is the time of
    /// day, in seconds since 1970, at the moment that the clock shows `now`.
    func headers(now: Int64, wallSeconds: Double) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for kind in Kind.allCases {
            guard let bucket = meters[kind]?.bucket else { continue }
            headers += Self.headers(named: kind.rawValue, of: bucket, kind: kind, now: now, wallSeconds: wallSeconds)
        }
        // The API shows under the plain name whichever token limit is the tighter at the moment.
        let tokenKinds: [Kind] = [.inputTokens, .outputTokens]
        let tightest = tokenKinds.compactMap { kind in meters[kind]?.bucket.map { (kind, $0) } }
            .min { Self.share($0.1, now: now) < Self.share($1.1, now: now) }
        if let (kind, bucket) = tightest {
            headers += Self.headers(named: "tokens", of: bucket, kind: kind, now: now, wallSeconds: wallSeconds)
        }
        return headers
    }

    private static func share(_ bucket: TokenBucket, now: Int64) -> Double {
        Double(bucket.level(now: now)) / Double(bucket.limit.burst)
    }

    private static func headers(
        named name: String, of bucket: TokenBucket, kind: Kind, now: Int64, wallSeconds: Double
    ) -> [(name: String, value: String)] {
        let level = max(0, bucket.level(now: now))
        let remaining = kind == .requests ? level : (level + 500) / 1000 * 1000
        let full = wallSeconds + Double(bucket.nanosecondsUntilFull(now: now)) / 1e9
        let prefix = "anthropic-ratelimit-\(name)"
        return [
            ("\(prefix)-limit", String(bucket.limit.perMinute)),
            ("\(prefix)-remaining", String(remaining)),
            ("\(prefix)-reset", RFC3339.text(secondsSince1970: full)),
        ]
    }
}
