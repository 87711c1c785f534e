import Foundation

/// Times as the API's headers write them: UTC, whole seconds, rounded up so that nobody comes too early.
enum RFC3339 {
    static func text(secondsSince1970 seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds.rounded(.up)).formatted(.iso8601)
    }
}
