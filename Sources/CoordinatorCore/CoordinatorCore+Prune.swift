import ClusterModel

extension CoordinatorCore {
    /// The user wants finished jobs forgotten: these, or those that finished at least so long ago.
    public mutating func pruneArrived(
        jobs wanted: [JobID], olderThan age: Milliseconds?, dryRun: Bool, reply handle: ReplyHandle, at now: Moment
    ) {
        for id in wanted {
            guard let job = place(of: id) else { return reply(handle, .refused(.unknownJob, "there is no job \(id)")) }
            guard jobs[job].finishedAt != nil else {
                return reply(handle, .refused(.unfinished, "job \(id) has not finished: cancel it first, or wait"))
            }
        }
        var places = wanted.compactMap { place(of: $0) }
        if let age {
            let before = now.wall.milliseconds - age.rawValue
            places += jobs.indices.filter {
                !jobs[$0].isGone && jobs[$0].finishedAt.map { $0.milliseconds <= before } ?? false
            }
        }
        places = Set(places).filter { !jobs[$0].isSwept(.prune) && reloads[jobs[$0].id] == nil }.sorted()
        reply(
            handle,
            .pruned(jobs: UInt32(places.count), tasks: places.reduce(0) { $0 + UInt64(jobs[$1].counts.tasks) }))
        guard !dryRun else { return }
        for job in places {
            // Queued all at once, done one after the other: a restart takes up what is left.
            jobs[job].sweeps |= SweepKind.prune.bit
            record(.sweepBegun(jobs[job].id, .prune))
            sweeps.append(Sweep(job: jobs[job].id, kind: .prune, isRecorded: true))
        }
    }
}
