import Foundation

/// Reads JSON and tells what is wrong with it in words.
enum JSONInput {
    /// - Throws: ``UsageError`` with `place` and the parser's own words.
    static func value(_ bytes: some Collection<UInt8>, place: String) throws -> FieldValue {
        do {
            return try JSONDecoder().decode(FieldValue.self, from: Data(bytes))
        } catch is DecodingError {
            throw UsageError(at: place, "not JSON: \(reason(Data(bytes)))")
        }
    }

    /// JSONDecoder does not say what is wrong; the older parser does, and where.
    private static func reason(_ json: Data) -> String {
        do {
            _ = try JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)
            return "it holds a value that is out of range"
        } catch {
            let text = (error as NSError).userInfo["NSDebugDescription"] as? String ?? error.localizedDescription
            let place = /around character (\d+)/
            let counted = text.replacing(place) { "near character \((Int($0.1) ?? 0) + 1)" }
            return counted.prefix(1).lowercased() + counted.dropFirst().trimmingSuffix(while: { $0 == "." })
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while unwanted: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, unwanted(last) { rest.removeLast() }
        return rest
    }
}
