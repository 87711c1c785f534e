import CoordinatorClient

/// Quotas as programs read them: an object for each service, with the figures of its tightest bucket at its top.
enum QuotaJSON {
    /// `{"claude":{"used","limit","remaining",…,"buckets":{…}},…}`; empty without a bucket.
    static func services(_ report: QuotaReport) -> JSONObject {
        var object = JSONObject()
        for service in names(report) {
            let quotas = report.quotas.filter { parts($0).service == service }
            guard let tightest = tightest(quotas) else { continue }
            var buckets = JSONObject()
            for quota in quotas { buckets.add(parts(quota).rest, bucket(quota, named: false)) }
            var entry = bucket(tightest, named: true)
            entry.add("buckets", buckets)
            entry.add("estimates", estimates(of: service, in: report).map(estimate))
            if service == "claude" {
                entry.add("api_retries", report.apiRetries.map(retries))
                entry.add("unmetered_agents", texts: report.unmeteredAgents)
            }
            object.add(service, entry)
        }
        return object
    }

    /// `used`, `limit` and `remaining` are of the last minute for a rate, of what is held for a concurrency, and of the
    /// burst for a rate of less than one a minute (`per` says which); they add up unless more was used than the limit.
    static func bucket(_ quota: QuotaSummary, named: Bool) -> JSONObject {
        let figures = Figures(quota)
        var object = JSONObject()
        object.add("used", figures.used)
        object.add("limit", figures.limit)
        object.add("remaining", figures.remaining)
        object.add("per", figures.per)
        if named { object.add("bucket", quota.name) }
        object.add("written", quota.limit)
        object.add("burst", quota.most)
        object.add("available", quota.remaining)
        object.add("reserve", quota.reserve)
        object.add("waiting", quota.waiting)
        object.add("waiting_tasks", texts: quota.waitingTasks)
        object.add("open_calls", quota.openCalls)
        add("parked_for_ms", quota.parkedFor?.rawValue, to: &object)
        add("limit_per_minute", quota.limitPerMinute, to: &object)
        object.add("spent_last_minute", quota.spentLastMinute)
        object.add("refused_429", quota.refusals)
        object.add("overloads", quota.overloads)
        add("narrowed_to", quota.narrowedTo, to: &object)
        object.add("shadow", quota.isShadow)
        object.add("shadow_overruns", quota.shadowOverruns)
        object.addOrNull("origin", quota.origin)
        object.addOrNull("explanation", quota.explanation)
        add("learned_ms_ago", quota.learnedAgo?.rawValue, to: &object)
        return object
    }

    static func estimate(_ estimate: QuotaEstimateSummary) -> JSONObject {
        var object = JSONObject()
        object.add("model", estimate.key)
        object.add("calls", estimate.calls)
        object.add("input_error_percent", estimate.inputErrorPercent)
        object.add("output_tokens", estimate.output)
        object.add("output_within_percent", estimate.outputWithinPercent)
        add("learned_ms_ago", estimate.learnedAgo?.rawValue, to: &object)
        return object
    }

    private static func retries(_ told: APIRetriesSummary) -> JSONObject {
        var object = JSONObject()
        object.add("error", told.error)
        object.add("status", told.status)
        object.add("count", told.count)
        return object
    }

    static func estimates(of service: String, in report: QuotaReport) -> [QuotaEstimateSummary] {
        report.estimates.filter { $0.key.hasPrefix(service) }
    }

    /// The one that holds calls first: parked, else with the least part of its limit left. A shadow holds none.
    static func tightest(_ quotas: [QuotaSummary]) -> QuotaSummary? {
        let real = quotas.filter { !$0.isShadow }
        return (real.isEmpty ? quotas : real).min { left, right in
            if (left.parkedFor != nil) != (right.parkedFor != nil) { return left.parkedFor != nil }
            let (a, b) = (Figures(left), Figures(right))
            return Int128(a.remaining) * Int128(max(1, b.limit)) < Int128(b.remaining) * Int128(max(1, a.limit))
        }
    }

    private struct Figures {
        let used: Int64
        let limit: Int64
        let remaining: Int64
        let per: String

        init(_ quota: QuotaSummary) {
            if let perMinute = quota.limitPerMinute, perMinute > 0 {
                (used, limit, per) = (quota.spentLastMinute, perMinute, "minute")
                remaining = max(0, perMinute - min(perMinute, quota.spentLastMinute))
            } else {
                (used, limit, per) = (quota.used, quota.most, quota.isConcurrency ? "held" : "burst")
                remaining = quota.remaining
            }
        }
    }

    /// In the order in which they first occur.
    private static func names(_ report: QuotaReport) -> [String] {
        report.quotas.reduce(into: []) { names, quota in
            let service = parts(quota).service
            if !names.contains(service) { names.append(service) }
        }
    }

    private static func parts(_ quota: QuotaSummary) -> (service: String, rest: String) {
        let service = quota.name.prefix { $0 != "." }
        return (String(service), String(quota.name.dropFirst(service.count + 1)))
    }

    private static func add(_ key: String, _ number: Int64?, to object: inout JSONObject) {
        if let number { object.add(key, number) } else { object.addNull(key) }
    }
}
