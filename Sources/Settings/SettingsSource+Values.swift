import ClusterModel

extension SettingKind {
    /// What the text must be, for an error.
    var expectation: String {
        switch self {
        case .string: "a text"
        case .path, .pathList: "a path"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .duration(let range):
            "a length of time from \(Units.text(range.lowerBound)) to \(Units.text(range.upperBound)), such as 500ms, 30s, 5m or 1h"
        case .bytes(let range):
            "a size from \(Units.text(bytes: range.lowerBound)) to \(Units.text(bytes: range.upperBound)), such as 512MB or 1GiB"
        case .dollars(let most): "an amount of dollars from 0 to \(most), such as 20 or 0.50"
        case .count(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound), such as 250000, 500k or 2M"
        case .boolean: "true or false"
        case .choice(let words), .choiceList(let words): "one of " + words.joined(separator: ", ")
        case .list: "a text"
        case .map: "name=value"
        case .quotas: "buckets with limits, such as claude.requests=60/min,burst=6"
        case .bindEndpoint: "tcp://HOST:PORT (port * for a free one)"
        case .connectEndpoint: "tcp://HOST:PORT"
        case .httpEndpoint: "HOST:PORT or off"
        }
    }
}

/// Typed reading. Each function takes a key of the matching kind; another kind is a mistake in the program, which stops it.
extension SettingsSource {
    /// The text of a `string` or `choice`; nil if it is set nowhere and has no default.
    public func string(_ key: SettingKey) throws(SettingsError) -> String? {
        guard let item = scalar(key) else { return nil }
        if case .choice(let words) = key.kind, !words.contains(item.text) { throw wrong(item, key) }
        guard !item.text.isEmpty, !item.text.contains("\0") else { throw wrong(item, key) }
        return item.text
    }

    /// An absolute path: relative ones start at the config file's folder if they stand in it, else at the working directory.
    public func path(_ key: SettingKey) throws(SettingsError) -> String? {
        guard let item = scalar(key) else { return nil }
        return try path(item, key)
    }

    /// A whole number.
    public func integer(_ key: SettingKey) throws(SettingsError) -> Int {
        guard case .integer(let range) = key.kind else { preconditionFailure("\(key.name) is not an integer") }
        let item = try required(key)
        guard let number = Int(item.text), range.contains(number) else { throw wrong(item, key) }
        return number
    }

    /// A whole number that may be set nowhere.
    func optionalInteger(_ key: SettingKey) throws(SettingsError) -> Int? {
        scalar(key) == nil ? nil : try integer(key)
    }

    /// A length of time.
    public func duration(_ key: SettingKey) throws(SettingsError) -> Milliseconds {
        guard case .duration(let range) = key.kind else { preconditionFailure("\(key.name) is not a duration") }
        let item = try required(key)
        guard let length = Units.milliseconds(item.text), range.contains(length) else { throw wrong(item, key) }
        return length
    }

    /// A size in bytes.
    public func bytes(_ key: SettingKey) throws(SettingsError) -> Int64 {
        guard case .bytes(let range) = key.kind else { preconditionFailure("\(key.name) is not a size") }
        let item = try required(key)
        guard let size = Units.bytes(item.text), range.contains(size) else { throw wrong(item, key) }
        return size
    }

    /// Millionths of a dollar.
    public func microUSD(_ key: SettingKey) throws(SettingsError) -> UInt64 {
        guard case .dollars(let most) = key.kind else { preconditionFailure("\(key.name) is no amount of dollars") }
        let item = try required(key)
        guard let amount = Units.microUSD(item.text), amount <= UInt64(most) * 1_000_000 else { throw wrong(item, key) }
        return amount
    }

    /// A count that may have a unit.
    public func count(_ key: SettingKey) throws(SettingsError) -> Int64 {
        guard case .count(let range) = key.kind else { preconditionFailure("\(key.name) is no count") }
        let item = try required(key)
        guard let count = Units.count(item.text), range.contains(count) else { throw wrong(item, key) }
        return count
    }

    /// True or false.
    public func boolean(_ key: SettingKey) throws(SettingsError) -> Bool {
        let item = try required(key)
        switch item.text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw wrong(item, key)
        }
    }

    /// A list; paths in it are made absolute, words are checked against the kind.
    public func list(_ key: SettingKey) throws(SettingsError) -> [String] {
        guard case .list(let items, _)? = raw(key) else { return [] }
        var texts: [String] = []
        for item in items {
            switch key.kind {
            case .choiceList(let words) where !words.contains(item.text): throw wrong(item, key)
            case .pathList: texts.append(try path(item, key))
            default: texts.append(item.text)
            }
        }
        return texts
    }

    /// Names with values, each name once.
    public func map(_ key: SettingKey) throws(SettingsError) -> [String: String] {
        guard case .map(let pairs, let origin)? = raw(key) else { return [:] }
        var result: [String: String] = [:]
        for (name, item) in pairs {
            guard !name.isEmpty else { throw SettingsError("expected name=value, found no name", at: item.origin) }
            guard result.updateValue(item.text, forKey: name) == nil else {
                throw SettingsError("\"\(name)\" is given twice: keep one", at: origin)
            }
        }
        return result
    }

    /// A TCP endpoint.
    public func endpoint(_ key: SettingKey) throws(SettingsError) -> Endpoint {
        let item = try required(key)
        guard let endpoint = Endpoint(tcp: item.text) else { throw wrong(item, key) }
        if key.kind == .connectEndpoint, endpoint.port == 0 || endpoint.host == "*" { throw wrong(item, key) }
        return endpoint
    }

    /// The address to serve HTTP on; nil when it is `off`. Anything beyond loopback is refused.
    public func httpEndpoint(_ key: SettingKey) throws(SettingsError) -> Endpoint? {
        let item = try required(key)
        if item.text == "off" { return nil }
        guard let endpoint = Endpoint(hostAndPort: item.text) else { throw wrong(item, key) }
        return try onLoopback(endpoint, item, key)
    }

    private func onLoopback(_ endpoint: Endpoint, _ item: RawItem, _ key: SettingKey) throws(SettingsError) -> Endpoint
    {
        guard endpoint.isLoopback else {
            throw SettingsError(
                "HTTP is served on loopback alone: use a loopback address instead of " + String(reflecting: item.text),
                at: item.origin)
        }
        return endpoint
    }

    private func scalar(_ key: SettingKey) -> RawItem? {
        guard case .scalar(let item)? = raw(key) else { return nil }
        return item
    }

    private func required(_ key: SettingKey) throws(SettingsError) -> RawItem {
        guard let item = scalar(key) else {
            throw SettingsError(
                "\(program.rawValue) needs \(key.flag) (or \(key.environmentName), or \"\(key.name)\" in the config file)"
            )
        }
        return item
    }

    /// A text of this key as an absolute path.
    func resolved(_ text: String, _ key: SettingKey) throws(SettingsError) -> String {
        try path(RawItem(text: text, origin: origin(of: key) ?? .builtIn), key)
    }

    private func path(_ item: RawItem, _ key: SettingKey) throws(SettingsError) -> String {
        guard !item.text.isEmpty, !item.text.contains("\0") else { throw wrong(item, key) }
        if case .file = item.origin { return try context.absolutePath(item.text, from: fileFolder) }
        return try context.absolutePath(item.text, from: context.workingDirectory)
    }

    private func wrong(_ item: RawItem, _ key: SettingKey) -> SettingsError {
        let found = String(reflecting: String(item.text.prefix(100)))
        let subject =
            if case .file = item.origin { "\"\(key.name)\" must be" } else { "expected" }
        return SettingsError("\(subject) \(key.kind.expectation), found \(found)", at: item.origin)
    }
}
