import ClusterModel

/// Limits on each of many things by itself, such as on the writes to one issue.
///
/// Things come and go without end, so they share a fixed number of buckets by a hash of their names: two that meet in one bucket are held
/// a little more than they need be, and never less. The same name leads to the same bucket after a restart, whose records so stay true.
extension CallDesk {
    /// Buckets of one such limit.
    static let shardsPerLimit: UInt64 = 64
    /// What stands between a limit's name and the number of one of its buckets.
    private static let shardMark = ".s"

    struct ShardKey: Hashable, Sendable {
        /// The bucket that was named in the configuration; nothing is ever taken from it.
        var template: BucketIndex
        var number: UInt64
    }

    /// The bucket that a thing draws from, made when it is first needed. Nil: there are as many buckets as there can be.
    mutating func shard(of template: BucketIndex, for scope: String, at now: Instant) -> BucketIndex? {
        shard(ShardKey(template: template, number: Self.hash(scope) % Self.shardsPerLimit), at: now)
    }

    private mutating func shard(_ key: ShardKey, at now: Instant) -> BucketIndex? {
        if let known = shards[key] { return known }
        do throws(BucketLimitError) {
            guard let limit = try shardLimit(key) else { return nil }
            let index = try book.add(limit, isScoped: true, at: now)
            var sign = signs[key.template.place]
            sign.isShard = true
            sign.written = limit
            sign.configured = nil
            signs.append(sign)
            shards[key] = index
            changedSinceRecord = true
            return index
        } catch { return nil }
    }

    private func shardLimit(_ key: ShardKey) throws(BucketLimitError) -> BucketLimit? {
        guard let limit = book.limit(of: key.template) else { return nil }
        return try BucketLimit(
            name: "\(limit.name)\(Self.shardMark)\(key.number)", kind: limit.kind,
            reservePerMille: limit.reservePerMille,
            isShadow: limit.isShadow)
    }

    /// The limit is another now: so are those of its buckets.
    mutating func alignShards(of place: Int, at now: Instant) {
        guard signs[place].name.kind.isPerIssue, !signs[place].isShard else { return }
        let mine = shards.filter { $0.key.template == BucketIndex(place) }.sorted { $0.value < $1.value }
        for (key, bucket) in mine {
            do throws(BucketLimitError) {
                guard let limit = try shardLimit(key) else { continue }
                try book.change(to: limit, at: now)
                signs[bucket.place].written = limit
            } catch { continue }  // Name and kind are the same: there is nothing to refuse.
        }
    }

    /// Before a restart some things had buckets: their records need them.
    mutating func remakeShards(_ names: [String], at now: Instant) {
        for name in names {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].first == "s", let number = UInt64(parts[2].dropFirst()),
                number < Self.shardsPerLimit, let template = book.index(of: "\(parts[0]).\(parts[1])"),
                signs[template.place].name.kind.isPerIssue
            else { continue }
            _ = shard(ShardKey(template: template, number: number), at: now)
        }
    }

    /// The buckets that a limit is kept by: its own, or those of the things that it is on.
    func keepers(of place: Int) -> [BucketIndex] {
        guard signs[place].name.kind.isPerIssue else { return [BucketIndex(place)] }
        return shards.filter { $0.key.template == BucketIndex(place) }.map(\.value).sorted()
    }

    /// The bucket of one thing whose limit nobody set, so that a refusal holds that thing alone. Nil: there can be no more buckets.
    mutating func openShard(of kind: BucketName.Kind, for wish: CallWish, at now: Instant) -> BucketIndex? {
        let name = "\(wish.service).\(kind.rawValue)"
        do throws(BucketLimitError) {
            let template: BucketIndex
            if let known = book.index(of: name) {
                template = known
            } else {
                let open = try BucketLimit(
                    name: name,
                    kind: .rate(amount: Self.openConcurrency, window: .seconds(1), burst: Self.openConcurrency))
                template = try add(open, origin: .open, configured: nil, at: now)
            }
            return shard(of: template, for: wish.scope, at: now)
        } catch { return nil }
    }

    /// FNV-1a: the same in every process.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}
