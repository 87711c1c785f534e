/// Tokens as the simulator counts them: four bytes to the token, rounded up, at least one.
enum TokenEstimate {
    static let bytesPerToken = 4

    static func tokens(bytes: Int) -> Int { max(1, (bytes + bytesPerToken - 1) / bytesPerToken) }
}
