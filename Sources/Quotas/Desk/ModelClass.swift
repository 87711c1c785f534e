/// The class of models whose limits a model shares.
public enum ModelClass {
    /// The first word of a model's name that is letters alone and not `claude`: `sonnet` of `claude-sonnet-4-5`. Nil:
    /// there is none.
    public static func name(of model: String) -> String? {
        for part in model.utf8.split(omittingEmptySubsequences: true, whereSeparator: { !isWordByte($0) }) {
            guard part.allSatisfy(isLetter), !part.elementsEqual("claude".utf8), part.count <= 32 else { continue }
            return String(decoding: part.map(lowered), as: UTF8.self)
        }
        return nil
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowered(byte))
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
