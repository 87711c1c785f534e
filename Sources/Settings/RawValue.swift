/// One text with the place it came from.
struct RawItem: Sendable {
    var text: String
    var origin: SettingOrigin
}

/// A setting's value before its text is read.
enum RawValue: Sendable {
    case scalar(RawItem)
    case list([RawItem], SettingOrigin)
    case map([(name: String, value: RawItem)], SettingOrigin)
}
