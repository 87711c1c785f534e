/// What is spoken between the programs. Another major is refused in words on both sides; a minor may differ.
public enum WireProtocol {
    /// Grows when programs of two versions can't understand each other.
    public static let major: UInt32 = 1
    /// Grows when something is added that an older program may ignore.
    public static let minor: UInt32 = 0
}

/// The product's version, as `--version` prints it.
public enum Product {
    /// Major, minor and patch; the same for every program of one build.
    public static let version = "0.1.0"
}
