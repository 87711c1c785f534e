/// Finds the known word that a mistyped one was meant to be.
enum EditDistance {
    /// The nearest candidate, or nil when none is near: more than a third of the word (and more than two letters) would have to change.
    static func closest(to word: String, among candidates: [String]) -> String? {
        let limit = max(2, word.count / 3)
        let ranked = candidates.map { (distance: between(plain(word), plain($0)), name: $0) }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= limit
        else {
            return nil
        }
        return best.name
    }

    /// `data_dir`, `dataDir` and `data-dir` are meant alike.
    private static func plain(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "_" ? "-" : $0 }
    }

    /// Levenshtein's distance, row by row.
    static func between(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let substituted = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
