import Synchronization

/// What an instance is given: everything it needs to reach the gateway, and nothing that opens a service without it.
public struct InstanceAccess: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// For ANTHROPIC_BASE_URL.
    public var baseURL: String
    /// For ANTHROPIC_API_KEY, and for the other services' tokens.
    public var key: String
    /// The other services' base URLs, by their names.
    public var upstreamURLs: [String: String]

    /// Without the secrets.
    public var description: String { "access to the gateway" }
    /// Without the secrets.
    public var debugDescription: String { description }
}

/// An instance that may use the gateway.
final class RegisteredInstance: Sendable {
    let name: String
    /// Finds the instance; no secret.
    let handle: String
    /// The rest of its path.
    let secret: String
    let key: String
    let calls = CallSet()

    init(name: String) {
        self.name = name
        handle = Secrets.hex(bytes: InstanceTable.handleBytes)
        secret = Secrets.hex(bytes: InstanceTable.secretBytes)
        key = Secrets.hex(bytes: InstanceTable.secretBytes)
    }

    var pathWord: String { handle + secret }
}

/// The instances by what their paths begin with. The look-up by the open part lets the secret part be compared in constant time, however
/// many instances there are.
final class InstanceTable: Sendable {
    static let handleBytes = 8
    static let secretBytes = 24

    private struct State: Sendable {
        var byHandle: [String: RegisteredInstance] = [:]
        var byName: [String: RegisteredInstance] = [:]
    }

    private let state = Mutex(State())

    /// A new instance; an older one of that name is put out.
    func register(_ name: String) -> RegisteredInstance {
        let instance = RegisteredInstance(name: name)
        let older = state.withLock { state in
            let older = state.byName.updateValue(instance, forKey: name)
            if let older { state.byHandle[older.handle] = nil }
            state.byHandle[instance.handle] = instance
            return older
        }
        older?.calls.cancelAll()
        return instance
    }

    func unregister(_ name: String) {
        let instance = state.withLock { state in
            let instance = state.byName.removeValue(forKey: name)
            if let instance { state.byHandle[instance.handle] = nil }
            return instance
        }
        instance?.calls.cancelAll()
    }

    /// The instance whose path has this word.
    func find(_ pathWord: Substring) -> RegisteredInstance? {
        let handle = String(pathWord.prefix(2 * Self.handleBytes))
        guard let instance = state.withLock({ $0.byHandle[handle] }),
            Secrets.equal(pathWord.dropFirst(2 * Self.handleBytes), instance.secret)
        else { return nil }
        return instance
    }
}
