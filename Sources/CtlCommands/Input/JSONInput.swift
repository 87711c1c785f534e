import Foundation

/// Reads JSON and tells what is wrong with it in words.
enum JSONInput {
    /// - Throws: ``UsageError`` with `place` and the parser's own words.
    static func value(_ bytes: some Collection<UInt8>, place: String) throws -> FieldValue {
        do {
            return try JSONDecoder().decode(FieldValue.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw UsageError(at: place, "not JSON: \(reason(error))")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        guard case .dataCorrupted(let context) = error else { return "\(error)" }
        let details = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
        // The parser counts lines within what it was given, which is one line here.
        var reason = (details ?? context.debugDescription)
            .replacingOccurrences(of: " around line 1, column ", with: " at column ")
        while reason.hasSuffix(".") { reason.removeLast() }
        return reason.prefix(1).lowercased() + reason.dropFirst()
    }
}
