import ClusterModel

/// What a host has, measured at one moment.
public struct HostMeasure: Hashable, Sendable {
    /// Bytes that can be had without swapping; nil: not known here.
    public var availableBytes: UInt64?
    /// Bytes of memory in all.
    public var totalBytes: UInt64
    /// Processors that programs may use.
    public var cores: Int
    /// Processes that run or wait to, over the last minute.
    public var load: Double
    /// Percent of the last ten seconds in which something waited for memory; nil: not known here.
    public var someStalledPercent: Double?
    /// Percent of the last ten seconds in which everything did.
    public var allStalledPercent: Double?
    /// Room on the disk of the state directory; nil: not known.
    public var diskFreeBytes: UInt64?

    /// A host about which only its cores are known, but for what is given.
    public init(
        availableBytes: UInt64? = nil, totalBytes: UInt64 = 0, cores: Int = 1, load: Double = 0,
        someStalledPercent: Double? = nil, allStalledPercent: Double? = nil, diskFreeBytes: UInt64? = nil
    ) {
        self.availableBytes = availableBytes
        self.totalBytes = totalBytes
        self.cores = cores
        self.load = load
        self.someStalledPercent = someStalledPercent
        self.allStalledPercent = allStalledPercent
        self.diskFreeBytes = diskFreeBytes
    }
}

/// Says how many instances a host can bear. It shrinks at once and grows only after the host could bear more for a while.
public struct PoolSizer: Sendable {
    /// What an instance takes before one was measured: 212 MB at its first task, and what it grows by.
    public static let assumedBytes: UInt64 = 300 << 20
    /// Instances a core: they wait for the service most of the time.
    public static let instancesPerCore = 8
    /// How long there must be room for more.
    public static let patience: Milliseconds = .seconds(30)
    /// Below these, nothing is started; below a quarter of them, idle instances go.
    static let scarceDiskBytes: UInt64 = 1 << 30
    static let scarceMemoryPercent: UInt64 = 10
    static let loadPerCore = 16

    let minimum: Int
    let maximum: Int
    /// Said by an operator: it is what is started, save on a host that is about to fail.
    let isExplicit: Bool
    /// Instances that the host can bear now.
    public private(set) var size: Int
    /// Why it is below the maximum, in words; empty: it is not.
    public private(set) var because = ""
    private var roomSince: Instant?

    /// `minimum` and `maximum` count as 1 at least.
    public init(minimum: Int, maximum: Int, isExplicit: Bool) {
        self.maximum = max(1, maximum)
        self.minimum = min(max(1, minimum), max(1, maximum))
        self.isExplicit = isExplicit
        size = max(1, maximum)
    }

    /// Takes a measure.
    ///
    /// - Parameters:
    ///   - live: Instances that there are.
    ///   - busy: Of them, those with a turn.
    ///   - residentBytes: What one of them takes, as measured; 0: none was.
    ///   - isFirm: An operator asked: growth doesn't wait.
    public mutating func measured(
        _ host: HostMeasure, live: Int, busy: Int, residentBytes: UInt64, isFirm: Bool = false, at now: Instant
    ) {
        let (wanted, reason) = wanted(host, live: live, busy: busy, residentBytes: residentBytes)
        if wanted <= size {
            roomSince = nil
            size = wanted
            because = wanted < maximum ? reason : ""
            return
        }
        let since = roomSince ?? now
        roomSince = since
        guard isFirm || since + Self.patience <= now else { return }
        roomSince = nil
        size = wanted
        because = wanted < maximum ? reason : ""
    }

    private func wanted(_ host: HostMeasure, live: Int, busy: Int, residentBytes: UInt64) -> (Int, String) {
        if let sentence = severe(host) {
            return (min(maximum, max(1, busy)), "\(sentence): idle instances are stopped")
        }
        if !isExplicit, let sentence = tight(host) {
            return (min(maximum, max(1, live)), "\(sentence): no instance is started")
        }
        guard !isExplicit else { return (maximum, "") }
        let (cap, reason) = Self.cap(host, live: live, residentBytes: residentBytes)
        return cap < maximum ? (max(minimum, cap), max(minimum, cap) < maximum ? reason : "") : (maximum, "")
    }

    /// What the host can bear beside what it bears already, and which resource says so.
    public static func cap(_ host: HostMeasure, live: Int, residentBytes: UInt64) -> (Int, String) {
        let byCores = max(1, host.cores) * instancesPerCore
        let coresSay = "\(host.cores) cores, for \(instancesPerCore) instances each"
        guard let available = host.availableBytes else { return (byCores, coresSay) }
        let each = max(residentBytes, 64 << 20)
        let reserve = host.totalBytes / 100 * scarceMemoryPercent
        let more = available > reserve ? Int((available - reserve) / (residentBytes == 0 ? assumedBytes : each)) : 0
        let byMemory = max(1, live + more)
        guard byMemory < byCores else { return (byCores, coresSay) }
        return (
            byMemory,
            "memory (\(available >> 20) MiB free, an instance takes \((residentBytes == 0 ? assumedBytes : each) >> 20) MiB)"
        )
    }

    private func severe(_ host: HostMeasure) -> String? {
        if let free = host.availableBytes, free < host.totalBytes / 100 * Self.scarceMemoryPercent / 4 {
            return "memory is nearly used up (\(free >> 20) MiB free)"
        }
        if let stalled = host.allStalledPercent, stalled >= 25 {
            return "the host stands still for want of memory (\(Int(stalled)) % of the time)"
        }
        if let free = host.diskFreeBytes, free < Self.scarceDiskBytes / 4 {
            return "the state directory's disk is nearly full (\(free >> 20) MiB free)"
        }
        return nil
    }

    private func tight(_ host: HostMeasure) -> String? {
        if let free = host.availableBytes, free < host.totalBytes / 100 * Self.scarceMemoryPercent {
            return "memory is scarce (\(free >> 20) MiB free)"
        }
        if let stalled = host.someStalledPercent, stalled >= 20 {
            return "tasks wait for memory (\(Int(stalled)) % of the time)"
        }
        if let free = host.diskFreeBytes, free < Self.scarceDiskBytes {
            return "the state directory's disk is short of room (\(free >> 20) MiB free)"
        }
        if host.load > Double(host.cores * Self.loadPerCore) {
            return "the processors are overloaded (load \(Int(host.load)) on \(host.cores) cores)"
        }
        return nil
    }
}
