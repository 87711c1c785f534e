import Foundation

/// What a helper of the gateway's measurement says, as one line of JSON, once it takes connections.
struct Listening: Codable {
    /// In front of `/v1/messages`.
    var baseURL: String
    /// Sent as `x-api-key`.
    var key: String

    /// Says so on standard output, unbuffered: someone waits for it.
    func announce() throws {
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(self) + [0x0A])
    }
}
