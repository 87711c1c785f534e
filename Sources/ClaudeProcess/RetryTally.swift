import ClusterModel
import Synchronization

/// Calls that instances' CLIs repeated by themselves (`system/api_retry` in their streams), counted by what had failed.
///
/// The gateway repeats calls before the CLI sees that anything was wrong, so there should be none but for streams cut after their first byte.
public final class RetryTally: Sendable {
    /// One kind of failure, and how often calls were repeated after it.
    public struct Entry: Hashable, Sendable {
        /// The CLI's word, such as `overloaded`; empty: it said none.
        public var error: String
        /// Of HTTP; nil: it named none, as for a broken connection.
        public var status: Int?
        /// Repeats.
        public var count: UInt64
    }

    /// Kinds that are told apart; what comes beyond them counts under the last.
    public static let kindsAtMost = 32
    /// Of the CLI's word.
    private static let wordCharacters = 40

    private let state = Mutex<[Entry]>([])

    /// Nothing was repeated yet.
    public init() {}

    /// So far, in the order in which the kinds first came.
    public var entries: [Entry] { state.withLock { $0 } }

    /// A call is repeated.
    public func count(error: String, status: Int?) {
        let word = String(error.prefix(Self.wordCharacters))
        state.withLock { entries in
            if let place = entries.firstIndex(where: { $0.error == word && $0.status == status }) {
                entries[place].count += 1
            } else if entries.count < Self.kindsAtMost {
                entries.append(Entry(error: word, status: status, count: 1))
            } else {
                entries[Self.kindsAtMost - 1].count += 1
            }
        }
    }
}
