import Quotas

extension SettingsSource {
    /// All buckets' limits, as they were written, those of short names last.
    func quotas() throws(SettingsError) -> [BucketLimit] {
        var given: [GivenQuota] = []
        if case .map(let pairs, _)? = raw(QuotaKeys.quotas) {
            for (name, item) in pairs {
                let limit = try QuotaText.limit(name, item.text, at: item.origin)
                guard !given.contains(where: { $0.limit.name == name }) else {
                    throw SettingsError("bucket \(name) is given twice: keep one", at: item.origin)
                }
                given.append(GivenQuota(limit: limit, origin: item.origin, key: QuotaKeys.quotas))
            }
        }
        for quota in try shortQuotas() { try Self.add(quota, to: &given) }
        guard given.count <= QuotaLimits.buckets else {
            throw SettingsError(
                "there are \(given.count) buckets, and \(QuotaLimits.buckets) is the most: leave some out",
                at: origin(of: QuotaKeys.quotas))
        }
        return given.map(\.limit)
    }

    /// A bucket that two names limit: the flag counts before the environment, that before the file. In one place both
    /// must say the same, and only short names can: the other has a burst of its own, or leaves it out on purpose.
    private static func add(_ quota: GivenQuota, to given: inout [GivenQuota]) throws(SettingsError) {
        guard let place = given.firstIndex(where: { $0.limit.name == quota.limit.name }) else {
            given.append(quota)
            return
        }
        let other = given[place]
        if quota.origin.rank == other.origin.rank {
            guard other.key != QuotaKeys.quotas, quota.limit == other.limit else {
                let first = "\"\(other.key.name)\" at \(other.origin)"
                throw SettingsError(
                    "\"\(quota.key.name)\" limits \(quota.limit.name), which \(first) limits, too: keep one",
                    at: quota.origin)
            }
        } else if quota.origin.rank > other.origin.rank {
            given[place] = quota
        }
    }

    private func shortQuotas() throws(SettingsError) -> [GivenQuota] {
        let burst = try optionalInteger(QuotaKeys.burstAllowance)
        let reserve = try string(QuotaKeys.reserveCapacity)
        if let reserve { try check(reserve: reserve) }
        var quotas: [GivenQuota] = []
        var takesBurst = false
        for short in QuotaKeys.short {
            guard let amount = try optionalInteger(short.key), let origin = origin(of: short.key) else { continue }
            var text = "\(amount)/\(short.unit)"
            // A burst of calls says nothing of tokens.
            if let burst, short.bucket.hasSuffix(".requests") {
                text += ",burst=\(burst)"
                takesBurst = true
            }
            if let reserve { text += ",reserve=\(reserve)" }
            let limit = try QuotaText.limit(short.bucket, text, at: origin)
            quotas.append(GivenQuota(limit: limit, origin: origin, key: short.key))
        }
        if burst != nil, !takesBurst {
            throw SettingsError(
                "\"burstAllowance\" goes with a limit of requests such as claudeRequestsPerMinute, and there is none",
                at: origin(of: QuotaKeys.burstAllowance))
        }
        if reserve != nil, quotas.isEmpty {
            throw SettingsError(
                "\"reserveCapacity\" goes with a limit such as claudeRequestsPerMinute, and there is none",
                at: origin(of: QuotaKeys.reserveCapacity))
        }
        return quotas
    }

    private func check(reserve: String) throws(SettingsError) {
        let origin = origin(of: QuotaKeys.reserveCapacity)
        guard !reserve.contains(",") else {
            throw SettingsError("\"reserveCapacity\" must be a percentage such as 10% or 2.5%", at: origin)
        }
        _ = try QuotaText.limit("claude.requests", "1/min,reserve=\(reserve)", at: origin)
    }
}

/// A limit, and where it was written.
private struct GivenQuota {
    var limit: BucketLimit
    var origin: SettingOrigin
    var key: SettingKey
}

extension SettingOrigin {
    /// The higher one counts.
    fileprivate var rank: Int {
        switch self {
        case .builtIn: 0
        case .file: 1
        case .environment: 2
        case .flag: 3
        }
    }
}
