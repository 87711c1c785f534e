import ArgumentParser
import CoordinatorClient
import Settings

struct QuotaSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Gives a bucket another limit while the coordinator runs.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A bucket such as claude.requests.")
    var bucket: String

    @Argument(help: "Such as 120/min, 5000/h, 60/min,burst=6,reserve=10% or concurrency=20. Without: as it is.")
    var limit: String?

    @Option(help: ArgumentHelp("The most at once.", valueName: "n"))
    var burst: Int64?

    @Option(help: ArgumentHelp("The part that only critical tasks may take, such as 10%.", valueName: "part"))
    var reserve: String?

    @Flag(inversion: .prefixedNo, help: "Count what it would hold, and hold nothing.")
    var shadow: Bool?

    func run() async throws {
        let (name, change) = try order()
        try await CtlSession.with(global) { session in
            let outcome = try await session.client.changeQuota(name, change)
            try QuotaOutcome(verb: "set", bucket: name, outcome: outcome).print(session)
        }
    }

    /// All of it checked here, so that a limit that can't be never travels.
    func order() throws -> (name: String, change: QuotaChange) {
        let name = try QuotaText.name(bucket)
        guard limit != nil || burst != nil || reserve != nil || shadow != nil else {
            throw UsageError("give a limit such as 120/min, or one of --burst, --reserve, --shadow, --no-shadow")
        }
        if name.kind == .concurrency, burst != nil {
            throw UsageError("bucket \(name): --burst is for rates: what is held at once has none")
        }
        // What is not told here was valid before: any limit stands for it.
        var text = limit ?? (name.kind == .concurrency ? "concurrency=1" : "1/min")
        if let burst { text += ",burst=\(burst)" }
        if let reserve { text += ",reserve=\(reserve)" }
        if let shadow {
            if shadow { text += ",shadow" }
            if !shadow, let limit, try QuotaText.limit(bucket, limit).isShadow {
                throw UsageError("bucket \(name): '\(limit)' and --no-shadow contradict each other: give one")
            }
        }
        _ = try QuotaText.limit(bucket, text)
        return (name.description, .set(limit: limit, burst: burst, reserve: reserve, isShadow: shadow))
    }
}

/// A change as it is told.
struct QuotaOutcome {
    let verb: String
    let bucket: String
    let outcome: QuotaChangeOutcome

    func print(_ session: CtlSession) throws { try session.print(sentence, json: json, quiet: nil) }

    var sentence: String {
        switch (outcome.before, outcome.after) {
        case (let before?, let after?) where before == after: "bucket \(bucket): \(after), as before"
        case (let before?, let after?): "bucket \(bucket): \(after), before \(before)"
        case (nil, let after?): "bucket \(bucket): \(after), new"
        case (let before?, nil): "bucket \(bucket) is gone, before \(before)"
        case (nil, nil): "there was no bucket \(bucket)"
        }
    }

    var json: JSONObject {
        var json = JSONObject()
        json.add("verb", verb)
        json.add("bucket", bucket)
        json.addOrNull("before", outcome.before ?? "")
        json.addOrNull("after", outcome.after ?? "")
        return json
    }
}
