import Quotas

/// The settings of quotas: the buckets with their limits, and shorter names for the usual ones.
enum QuotaKeys {
    /// A name that limits one bucket by a number alone.
    struct Short {
        let key: SettingKey
        let bucket: String
        /// `min` or `h`.
        let unit: String

        init(_ name: String, _ bucket: String, per unit: String) {
            let most = Int(QuotaLimits.amount)
            key = SettingKey(name, .integer(1...most), help: "The same as a quota of \(bucket): N/\(unit).")
            self.bucket = bucket
            self.unit = unit
        }
    }

    static let quotas = SettingKey(
        "quotas", .quotas, flag: "--quota",
        help: "What calls to services are held to, such as claude.requests: 60/min,burst=6.")

    /// Several may name one bucket if they say the same.
    static let short = [
        Short("claudeRequestsPerMinute", "claude.requests", per: "min"),
        Short("claudeTokensPerMinute", "claude.tokens", per: "min"),
        Short("jiraRequestsPerMinute", "jira.requests", per: "min"),
        Short("githubRequestsPerHour", "github.requests", per: "h"),
        Short("apiRateLimit", "claude.requests", per: "min"),
    ]

    static let burstAllowance = SettingKey(
        "burstAllowance", .integer(1...Int(QuotaLimits.amount)),
        help: "Requests at once, for those of the names above that limit requests.")
    static let reserveCapacity = SettingKey(
        "reserveCapacity", .string, help: "The part that only critical tasks may take, for the names above: 10%.")

    static let all = [quotas] + short.map(\.key) + [burstAllowance, reserveCapacity]
}
