/// All runs below one data directory.
struct RunFolders {
    /// Where runs have their folders.
    let parent: String

    init(dataDirectory: String) { parent = dataDirectory + "/runs" }

    /// The newest run that was cut off with all its tasks on disk; the others stay where they are. Folders of runs that
    /// handed in nothing are removed: nothing is in them.
    /// - Returns: Locked; release it unless it is gone on with.
    func newestUnfinished() throws -> (run: RunDirectory, record: RunDirectory.Record)? {
        var newest: (run: RunDirectory, record: RunDirectory.Record)?
        for run in try RunDirectory.abandoned(in: parent) {
            if run.isFinished {
                run.release()
            } else if let record = try run.record() {
                if newest == nil { newest = (run, record) } else { run.release() }
            } else if run.mayHoldWork {
                // Cut off while its tasks were handed in: some may have run, and what they gave stays.
                run.release()
            } else {
                try run.remove()
            }
        }
        return newest
    }
}
