/// A command's own folders below the state directory, by the number of its place.
struct ExecDirectory: Sendable {
    /// Where commands work that name no directory; also their HOME.
    let work: String
    let temporary: String

    init(state: String, slot: Int) {
        work = "\(state)/slots/exec-\(slot)/work"
        temporary = "\(state)/slots/exec-\(slot)/tmp"
    }

    /// Makes both, or empties them: a command finds nothing of the one before it.
    func make() throws {
        for path in [work, temporary] { try SlotDirectory.makeEmpty(path) }
    }
}
