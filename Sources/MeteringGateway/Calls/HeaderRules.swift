import HTTPTypes
import NIOHTTP1

/// Which headers pass the gateway.
enum HeaderRules {
    /// They concern one connection.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "trailers", "transfer-encoding", "upgrade",
    ]
    /// They hold the instance's key, or are made anew.
    private static let replaced: Set<String> = [
        "host", "content-length", "x-api-key", "authorization", "accept-encoding", "expect",
    ]

    /// Of a call on its way to the service, with the credential that belongs there.
    static func upstream(_ fields: HTTPFields, credential: (name: String, value: String)?) -> HTTPHeaders {
        let named = connectionWords(fields.filter { $0.name == .connection }.map(\.value))
        let credentialName = credential?.name.lowercased()
        var headers = HTTPHeaders()
        for field in fields {
            let name = field.name.canonicalName
            guard !hopByHop.contains(name), !replaced.contains(name), !named.contains(name), name != credentialName
            else { continue }
            headers.add(name: field.name.rawName, value: field.value)
        }
        // Compressed events could not be read on their way.
        headers.add(name: "accept-encoding", value: "identity")
        if let credential { headers.add(name: credential.name, value: credential.value) }
        return headers
    }

    /// Of an answer on its way to the instance.
    static func answer(_ headers: HTTPHeaders, to method: HTTPRequest.Method) -> HTTPFields {
        let named = connectionWords(headers["connection"])
        var fields = HTTPFields()
        for (name, value) in headers {
            let lower = name.lowercased()
            guard !hopByHop.contains(lower), !named.contains(lower), let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        // An answer without a body must not announce one in chunks.
        if method == .head, fields[.contentLength] == nil { fields[.contentLength] = "0" }
        return fields
    }

    private static func connectionWords(_ values: [String]) -> Set<String> {
        Set(values.flatMap { $0.split(separator: ",") }.map { $0.filter { $0 != " " }.lowercased() })
    }
}
