import ClusterModel

/// Something that was learned of a service, to be written down so that a restart need not learn it again.
public struct QuotaLesson: Hashable, Sendable {
    /// What it is of.
    public enum Kind: Int64, Sendable {
        /// A limit that nobody set: its name, and how it is written.
        case limit = 0
        /// What calls of a model cost: the estimator's key and its numbers.
        case estimate = 1
    }

    /// What it is of.
    public var kind: Kind
    /// A bucket's name, or an estimator's key.
    public var name: String
    /// In the form of its kind.
    public var body: String
    /// When it was last learned from.
    public var at: WallTime

    /// Everything as given.
    public init(kind: Kind, name: String, body: String, at: WallTime) {
        self.kind = kind
        self.name = name
        self.body = body
        self.at = at
    }
}

extension CallDesk {
    /// Between two records of what was learned, while something is.
    static let lessonsEvery = Milliseconds.seconds(5)
    /// What was learned longer ago is forgotten.
    public static let lessonsKept = Milliseconds(30 * 86_400_000)

    mutating func noteLearned(_ place: Int, at now: Instant) {
        signs[place].learnedAt = now
        changedLimits.insert(signs[place].written.name)
    }

    /// What to write down now: what changed since the last time, if that is long enough ago. Empty: nothing.
    public mutating func lessonsIfDue(at now: Instant, wall: WallTime) -> [QuotaLesson] {
        guard let due = nextLessons, due <= now else { return [] }
        lastLessons = now
        var lessons: [QuotaLesson] = []
        for place in signs.indices where changedLimits.contains(signs[place].written.name) {
            guard signs[place].origin == .learned, !signs[place].isGone else { continue }
            lessons.append(
                QuotaLesson(
                    kind: .limit, name: signs[place].written.name, body: signs[place].written.description,
                    at: Self.wall(of: signs[place].learnedAt ?? now, at: now, wall)))
        }
        for key in estimator.changed.sorted() {
            guard let known = estimator.learned[key] else { continue }
            lessons.append(
                QuotaLesson(
                    kind: .estimate, name: key, body: known.text(scores[key]),
                    at: Self.wall(of: known.at, at: now, wall)))
        }
        changedLimits = []
        estimator.changed = []
        return lessons
    }

    /// When ``lessonsIfDue(at:wall:)`` should be asked; nil: after the next change.
    public var nextLessons: Instant? {
        guard book.isDurable, !changedLimits.isEmpty || !estimator.changed.isEmpty else { return nil }
        return lastLessons.map { $0 + Self.lessonsEvery } ?? .origin
    }

    /// Takes up what was learned before a restart, but for what is too old, unreadable, or of a limit that somebody has set since. Before
    /// ``restore(_:at:wall:)``, which gives the limits their levels.
    public mutating func recall(_ lessons: [QuotaLesson], at now: Instant, wall: WallTime) {
        for lesson in lessons {
            let age = Milliseconds(max(0, wall.milliseconds - lesson.at.milliseconds))
            guard age <= Self.lessonsKept else { continue }
            let learned = Instant(nanoseconds: now.nanoseconds - age.rawValue * 1_000_000)
            switch lesson.kind {
            case .limit: recallLimit(lesson, learned, at: now)
            case .estimate:
                guard let (known, score) = Estimator.Learned.read(lesson.body, at: learned) else { continue }
                estimator.recall(lesson.name, known)
                guard let score, scores[lesson.name] == nil, scored.count < QuotaLimits.estimatorKeys else { continue }
                scored.append(lesson.name)
                scores[lesson.name] = score
            }
        }
    }

    private mutating func recallLimit(_ lesson: QuotaLesson, _ learned: Instant, at now: Instant) {
        guard book.index(of: lesson.name) == nil else { return }
        do throws(BucketLimitError) {
            let limit = try BucketLimit(name: lesson.name, parsing: lesson.body)
            let place = try add(limit, origin: .learned, configured: nil, at: now).place
            signs[place].learnedAt = learned
        } catch { return }  // As if it had not been learned: the service names it again.
    }

    private static func wall(of moment: Instant, at now: Instant, _ wall: WallTime) -> WallTime {
        WallTime(milliseconds: wall.milliseconds - max(0, now.milliseconds(since: moment).rawValue))
    }
}

extension Estimator.Learned {
    /// Numbers with spaces between; the last three are of the score, where there is one.
    func text(_ score: EstimateScore?) -> String {
        var text = "\(ratio) \(deviation) \(quantile) \(mean) \(calls)"
        if let score { text += " \(score.calls) \(score.inputErrors) \(score.within)" }
        return text
    }

    /// Nil: it is not of that form, or its numbers can't be.
    static func read(_ text: String, at learned: Instant) -> (Self, EstimateScore?)? {
        let numbers = text.split(separator: " ").compactMap { Int64($0) }
        guard numbers.count == 5 || numbers.count == 8, numbers.allSatisfy({ $0 >= 0 && $0 < 1 << 56 }) else {
            return nil
        }
        let known = Self(
            ratio: numbers[0], deviation: numbers[1], quantile: max(1, numbers[2]), mean: numbers[3],
            calls: UInt64(max(1, numbers[4])), at: learned)
        guard numbers.count == 8 else { return (known, nil) }
        return (
            known,
            EstimateScore(calls: UInt64(numbers[5]), inputErrors: UInt64(numbers[6]), within: UInt64(numbers[7]))
        )
    }
}
