/// What is spoken between the programs. Another major is refused in words on both sides; a minor may differ.
public enum WireProtocol {
    public static let major: UInt32 = 1
    public static let minor: UInt32 = 0
}

/// The product's version, as `--version` prints it.
public enum Product {
    public static let version = "0.1.0"
}
