import ClusterModel
import Logging
import Quotas

/// All that a coordinator can be told.
public struct CoordinatorSettings: Hashable, Sendable {
    /// Absolute; holds the queue.
    public var dataDirectory: String
    /// Agents connect here.
    public var agentsEndpoint: Endpoint
    /// Clients connect here.
    public var clientsEndpoint: Endpoint
    /// Nil: no HTTP.
    public var http: Endpoint?
    /// Blobs come and go here.
    public var blobsEndpoint: Endpoint
    /// How long an agent may be silent before its attempts are given up.
    public var lease: Milliseconds
    /// How long an agent may be silent before it gets no new work.
    public var suspectAfter: Milliseconds
    /// How often agents are asked to show that they live.
    public var heartbeat: Milliseconds
    /// Attempts that may fail before a task does, where its job does not say.
    public var maxAttempts: Int
    /// The longest wait before a second attempt; it doubles with each.
    public var retryBase: Milliseconds
    /// The longest wait between two attempts.
    public var retryCap: Milliseconds
    /// A submit beyond it is refused.
    public var maxQueuedTasks: Int
    /// Prompts kept in memory, in bytes.
    public var payloadCacheBytes: Int64
    /// With less free on the data directory's disk, submits are refused, in bytes.
    public var minFreeDiskBytes: Int64
    /// A store larger than this takes no submits, in bytes; 0: as large as the disk.
    public var maxStoreBytes: Int64
    /// Waiting so long raises a job's tasks by one priority, at most to 8; 0: never.
    public var ageing: Milliseconds
    /// What all tasks of a day (UTC) may cost together, in millionths of a dollar; 0: no limit.
    public var budgetPerDayMicroUSD: UInt64
    /// Tokens that all tasks of a day (UTC) may take together; 0: no limit.
    public var tokensPerDay: Int64
    /// `full`, `normal` or `off`: SQLite's word for how it waits for the disk. Benchmarks alone change it.
    public var durability: String
    /// What calls to services are held to, each bucket once.
    public var quotas: [BucketLimit]
    /// The least important lines to log.
    public var logLevel: Logger.Level
    /// How they are written.
    public var logFormat: LogFormat
    /// Absolute; the secret that this host's processes share.
    public var secretFile: String
    /// Absolute; whom else the coordinator lets in.
    public var allowedKeys: String

    /// The table of settings.
    public enum Key {
        static let dataDirectory = SettingKey(
            "data-dir", .path,
            help:
                "Where the queue is kept; by default cc-orchestrator/coordinator in $XDG_STATE_HOME or ~/.local/state.")
        static let agentsEndpoint = SettingKey(
            "agents-endpoint", .bindEndpoint, default: "tcp://127.0.0.1:7301", help: "Where agents connect.")
        static let clientsEndpoint = SettingKey(
            "clients-endpoint", .bindEndpoint, default: "tcp://127.0.0.1:7302",
            help: "Where ccctl and other clients connect.")
        static let http = SettingKey(
            "http", .httpEndpoint, default: "127.0.0.1:7303", help: "Where HTTP is served; off for none.")
        static let blobsEndpoint = SettingKey(
            "blobs-endpoint", .bindEndpoint, default: "tcp://127.0.0.1:7304",
            help: "Where content over 64 KiB comes and goes.")
        static let lease = SettingKey(
            "lease", .duration(.seconds(1)...(.seconds(86_400))), default: "30s",
            help: "An agent silent for this long loses its attempts.")
        static let suspectAfter = SettingKey(
            "suspect-after", .duration(100...(.seconds(3600))), default: "3s",
            help: "An agent silent for this long gets no new work.")
        static let heartbeat = SettingKey(
            "heartbeat", .duration(50...(.seconds(60))), default: "1s", help: "How often an agent shows that it lives.")
        static let maxAttempts = SettingKey(
            "max-attempts", .integer(1...1000), default: "3",
            help: "Attempts that may fail before a task does, where its job does not say.")
        static let retryBase = SettingKey(
            "retry-base", .duration(1...(.seconds(3600))), default: "1s",
            help: "The longest wait before a second attempt; it doubles with each.")
        static let retryCap = SettingKey(
            "retry-cap", .duration(1...(.seconds(86_400))), default: "5m",
            help: "The longest wait between two attempts.")
        static let maxQueuedTasks = SettingKey(
            "max-queued-tasks", .integer(1...100_000_000), default: "5000000", help: "Submits beyond this are refused.")
        static let payloadCache = SettingKey(
            "payload-cache", .bytes(0...(1 << 40)), default: "64MiB", help: "Prompts kept in memory.")
        static let minFreeDisk = SettingKey(
            "min-free-disk", .bytes(0...(1 << 50)), default: "64MiB",
            help: "With less free disk than this, submits are refused.")
        static let maxStoreBytes = SettingKey(
            "max-store-bytes", .bytes(0...(1 << 50)), default: "0",
            help: "A store larger than this takes no submits; 0: as large as the disk.")
        static let ageing = SettingKey(
            "ageing", .duration(0...(.seconds(86_400))), default: "0s",
            help: "Waiting so long raises a job's tasks by one priority, at most to 8; 0s: never.")

        static let budgetPerDay = SettingKey(
            "budget-per-day", .dollars(upTo: 1_000_000), default: "0",
            help: "Dollars that all tasks of a day (UTC) may cost together; 0: no limit.")
        static let tokensPerDay = SettingKey(
            "tokens-per-day", .count(0...1_000_000_000_000_000), default: "0",
            help: "Tokens that all tasks of a day (UTC) may take together, such as 50M; 0: no limit.")

        /// Every key, in the order of the example file.
        public static let all: [SettingKey] =
            [
                dataDirectory, agentsEndpoint, clientsEndpoint, http, blobsEndpoint, lease, suspectAfter, heartbeat,
                maxAttempts, retryBase, retryCap, maxQueuedTasks, payloadCache, minFreeDisk, maxStoreBytes, ageing,
                budgetPerDay, tokensPerDay, CommonKeys.durability, CommonKeys.logLevel,
                CommonKeys.logFormat, CommonKeys.secretFile, CommonKeys.allowedKeys,
            ] + QuotaKeys.all
    }

    /// Reads and checks them.
    ///
    /// - Throws: ``SettingsError`` for the first value that cannot be used.
    public init(_ source: SettingsSource) throws(SettingsError) {
        if let path = try source.path(Key.dataDirectory) {
            dataDirectory = path
        } else {
            dataDirectory = try source.context.stateDirectory() + "/coordinator"
        }
        agentsEndpoint = try source.endpoint(Key.agentsEndpoint)
        clientsEndpoint = try source.endpoint(Key.clientsEndpoint)
        http = try source.httpEndpoint(Key.http)
        blobsEndpoint = try source.endpoint(Key.blobsEndpoint)
        lease = try source.duration(Key.lease)
        suspectAfter = try source.duration(Key.suspectAfter)
        heartbeat = try source.duration(Key.heartbeat)
        maxAttempts = try source.integer(Key.maxAttempts)
        retryBase = try source.duration(Key.retryBase)
        retryCap = try source.duration(Key.retryCap)
        maxQueuedTasks = try source.integer(Key.maxQueuedTasks)
        payloadCacheBytes = try source.bytes(Key.payloadCache)
        minFreeDiskBytes = try source.bytes(Key.minFreeDisk)
        maxStoreBytes = try source.bytes(Key.maxStoreBytes)
        ageing = try source.duration(Key.ageing)
        budgetPerDayMicroUSD = try source.microUSD(Key.budgetPerDay)
        tokensPerDay = try source.count(Key.tokensPerDay)
        quotas = try source.quotas()
        durability = try source.string(CommonKeys.durability) ?? "full"
        logLevel = try source.logLevel()
        logFormat = try source.logFormat()
        secretFile = try source.secretFile()
        allowedKeys = try source.allowedKeys(beside: secretFile)
        try checkTogether(source)
    }

    /// What no value shows by itself.
    private func checkTogether(_ source: SettingsSource) throws(SettingsError) {
        guard heartbeat < suspectAfter else {
            throw SettingsError(
                "suspect-after (\(Units.text(suspectAfter))) must be longer than heartbeat (\(Units.text(heartbeat)))",
                at: source.origin(of: Key.suspectAfter))
        }
        guard suspectAfter < lease else {
            throw SettingsError(
                "lease (\(Units.text(lease))) must be longer than suspect-after (\(Units.text(suspectAfter)))",
                at: source.origin(of: Key.lease))
        }
        guard !(retryCap < retryBase) else {
            throw SettingsError(
                "retry-cap (\(Units.text(retryCap))) must not be shorter than retry-base (\(Units.text(retryBase)))",
                at: source.origin(of: Key.retryCap))
        }
        var taken: [UInt16: SettingKey] = [:]
        let listeners =
            [
                (Key.agentsEndpoint, agentsEndpoint), (Key.clientsEndpoint, clientsEndpoint),
                (Key.blobsEndpoint, blobsEndpoint),
            ] + (http.map { [(Key.http, $0)] } ?? [])
        for (key, endpoint) in listeners where endpoint.port != 0 {
            if let other = taken.updateValue(key, forKey: endpoint.port) {
                throw SettingsError(
                    "\(other.name) and \(key.name) both ask for port \(endpoint.port): give each its own",
                    at: source.origin(of: key))
            }
        }
    }
}
