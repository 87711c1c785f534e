/// The parts of a `POST /v1/messages` body that the simulator looks at; the rest is only weighed.
struct MessagesRequest: Decodable, Sendable {
    struct Message: Decodable, Sendable {
        let role: String
        let content: Content
    }

    /// A message's content: a plain string, or blocks.
    struct Content: Decodable, Sendable {
        let blocks: [Block]

        init(from decoder: any Decoder) throws {
            // Told apart by trying: blocks are what the CLI sends nearly always.
            do {
                blocks = try [Block](from: decoder)
            } catch let notBlocks {
                guard let text = try? decoder.singleValueContainer().decode(String.self) else { throw notBlocks }
                blocks = [Block(text: text)]
            }
        }
    }

    struct Block: Decodable, Sendable {
        let type: String
        let text: String?
        let name: String?
        let content: Content?
        let isError: Bool

        init(text: String) {
            type = "text"
            self.text = text
            name = nil
            content = nil
            isError = false
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decode(String.self, forKey: .type)
            text = try type == "text" ? container.decode(String.self, forKey: .text) : nil
            name = try type == "tool_use" ? container.decode(String.self, forKey: .name) : nil
            let isResult = type == "tool_result"
            content = try isResult ? container.decodeIfPresent(Content.self, forKey: .content) : nil
            isError = try isResult ? container.decodeIfPresent(Bool.self, forKey: .isError) ?? false : false
        }

        private enum CodingKeys: String, CodingKey {
            case type, text, name, content
            case isError = "is_error"
        }
    }

    /// A tool on offer. Only the schema of ``structuredOutputTool`` is read: the others are long and not needed.
    struct Tool: Decodable, Sendable {
        let name: String
        let inputSchema: JSONValue?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
            inputSchema =
                try name == MessagesRequest.structuredOutputTool
                ? container.decodeIfPresent(JSONValue.self, forKey: .inputSchema) : nil
        }

        private enum CodingKeys: String, CodingKey {
            case name
            case inputSchema = "input_schema"
        }
    }

    /// The tool by which the CLI asks for an answer that follows a schema.
    static let structuredOutputTool = "StructuredOutput"

    let model: String
    let messages: [Message]
    let tools: [Tool]
    let stream: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        model = try container.decode(String.self, forKey: .model)
        messages = try container.decode([Message].self, forKey: .messages)
        tools = try container.decodeIfPresent([Tool].self, forKey: .tools) ?? []
        stream = try container.decodeIfPresent(Bool.self, forKey: .stream) ?? false
    }

    private enum CodingKeys: String, CodingKey { case model, messages, tools, stream }
}
