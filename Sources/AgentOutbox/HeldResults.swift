import ClusterModel

/// What an outbox holds, on disk or on its way there, and which rows of the file have to be written: it does no I/O of its own.
///
/// A result is in one batch. A batch is written as one row, is written again without what was acknowledged, and goes with its last result.
struct HeldResults {
    private struct Place {
        var sequence: Int64
        var bytes: Int
    }

    private var places: [AttemptToken: Place] = [:]
    private var batches: [Int64: OutboxBatch] = [:]
    private var lastSequence: Int64 = 0
    /// Not handed out for writing yet, oldest first.
    private var new: [Int64] = []
    /// Less is live in them than the file says, or will say.
    private var changed: Set<Int64> = []
    private(set) var bytes = 0

    var count: Int { places.count }
    /// Whether results wait to be written.
    var hasNew: Bool { !new.isEmpty }

    /// A row of the file.
    mutating func found(_ entries: [OutboxEntry], in sequence: Int64) {
        lastSequence = max(lastSequence, sequence)
        add(entries, in: sequence)
        batches[sequence]?.isWritten = true
    }

    mutating func append(_ entries: [OutboxEntry]) {
        for piece in OutboxBatch.pieces(of: entries) {
            lastSequence += 1
            add(piece, in: lastSequence)
            new.append(lastSequence)
        }
    }

    private mutating func add(_ entries: [OutboxEntry], in sequence: Int64) {
        batches[sequence] = OutboxBatch(entries)
        for entry in entries {
            bytes += entry.bytes.count
            let place = Place(sequence: sequence, bytes: entry.bytes.count)
            // The later of two results of one attempt is the one that stays.
            if let old = places.updateValue(place, forKey: entry.token) { left(old) }
        }
    }

    mutating func acknowledged(_ tokens: [AttemptToken]) {
        // Most come as they were appended: a batch is looked up once for all of its results that follow each other.
        var run: (sequence: Int64, count: Int) = (0, 0)
        for token in tokens {
            guard let place = places.removeValue(forKey: token) else { continue }
            bytes -= place.bytes
            if place.sequence != run.sequence {
                leave(run.sequence, run.count)
                run = (place.sequence, 0)
            }
            run.count += 1
        }
        leave(run.sequence, run.count)
    }

    private mutating func left(_ place: Place) {
        bytes -= place.bytes
        leave(place.sequence, 1)
    }

    private mutating func leave(_ sequence: Int64, _ count: Int) {
        guard count > 0 else { return }
        batches[sequence]?.live -= count
        changed.insert(sequence)
    }

    // MARK: Writing

    /// What has to be written by now. Either ``written(_:)`` or ``notWritten(_:)`` answers for each of them.
    mutating func changes() -> [OutboxFile.Change] {
        var changes: [OutboxFile.Change] = []
        changes.reserveCapacity(new.count + changed.count)
        for sequence in changed.sorted() {
            guard let batch = batches[sequence], batch.isWritten else { continue }
            changes.append(
                batch.live == 0
                    ? .delete(sequence: sequence)
                    : .update(sequence: sequence, bytes: OutboxBatch.pack(live(batch, sequence))))
        }
        for sequence in new {
            guard let batch = batches[sequence] else { continue }
            if batch.live == 0 {
                // Given up before it was written.
                batches[sequence] = nil
            } else {
                changes.append(.insert(sequence: sequence, bytes: OutboxBatch.pack(live(batch, sequence))))
            }
        }
        new = []
        changed = []
        return changes
    }

    mutating func written(_ changes: ArraySlice<OutboxFile.Change>) {
        for change in changes {
            switch change {
            case .insert(let sequence, _): batches[sequence]?.isWritten = true
            case .update: break
            case .delete(let sequence): batches[sequence] = nil
            }
        }
    }

    /// They are due again, in their order.
    mutating func notWritten(_ changes: ArraySlice<OutboxFile.Change>) {
        var again: [Int64] = []
        for change in changes {
            switch change {
            case .insert(let sequence, _): again.append(sequence)
            case .update(let sequence, _), .delete(let sequence): changed.insert(sequence)
            }
        }
        new = again + new
    }

    private func live(_ batch: OutboxBatch, _ sequence: Int64) -> [OutboxEntry] {
        if batch.live == batch.entries.count { return batch.entries }
        return batch.entries.filter { places[$0.token]?.sequence == sequence }
    }
}
