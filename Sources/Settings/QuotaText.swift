import Quotas

/// Buckets as people write them, with what they probably meant where there is no such bucket.
public enum QuotaText {
    /// Reads a bucket's name.
    public static func name(_ text: String, at origin: SettingOrigin? = nil) throws(SettingsError) -> BucketName {
        do {
            return try BucketName(parsing: text)
        } catch {
            let near = text.utf8.count <= 100 ? EditDistance.closest(to: text, among: candidates(for: text)) : nil
            throw SettingsError(error.message + (near.map { "; did you mean \($0)?" } ?? ""), at: origin)
        }
    }

    /// Reads a bucket's limit, such as `60/min,burst=6`.
    public static func limit(
        _ name: String, _ text: String, at origin: SettingOrigin? = nil
    ) throws(SettingsError) -> BucketLimit {
        let bucket = try self.name(name, at: origin)
        do {
            let limit = try BucketLimit(name: bucket.description, parsing: text)
            try bucket.check(limit)
            return limit
        } catch {
            throw SettingsError(error.message, at: origin)
        }
    }

    /// The names that a mistyped one is compared with: those of its own service, if it has one, and of the usual ones.
    private static func candidates(for text: String) -> [String] {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let own = parts.first.map(String.init) ?? ""
        var names: [String] = []
        for service in [own, BucketName.claude, "jira", "github"] {
            for kind in BucketName.kinds(of: service) {
                let modelClass = parts.count == 3 && kind.hasModelClass ? String(parts[2]) : nil
                // What is no name itself is no help.
                if let name = try? BucketName(service: service, kind: kind, modelClass: modelClass) {
                    names.append(name.description)
                }
            }
        }
        return names
    }
}
