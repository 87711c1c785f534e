import SwiftProtobuf

/// What every generated message can do. Other modules name this: which library writes the bytes is this module's own affair.
public typealias WireMessage = SwiftProtobuf.Message
