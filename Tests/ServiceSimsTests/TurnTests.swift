import Foundation
import Testing

@testable import ServiceSims

@Suite("The newest turn is found in a conversation")
struct TurnTests {
    private func turn(_ messages: JSONValue) throws -> Turn {
        let body: JSONValue = ["model": "m", "messages": messages]
        return Turn(of: try JSONDecoder().decode(MessagesRequest.self, from: try JSONText.data(body)))
    }

    @Test("a prompt begins it, system messages behind it do not end it")
    func first() throws {
        let turn = try turn([
            ["role": "user", "content": "old"], ["role": "assistant", "content": [["type": "text", "text": "x"]]],
            ["role": "user", "content": [["type": "text", "text": "new"]]],
            ["role": "system", "content": "# Environment"],
        ])
        #expect(turn == Turn(prompt: "new"))
        #expect(turn.isFirst)
    }

    @Test("a tool result goes on with it")
    func result() throws {
        let turn = try turn([
            ["role": "user", "content": "do"],
            ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "Bash", "input": ["a": 1]]]],
            [
                "role": "user",
                "content": [
                    ["type": "tool_result", "tool_use_id": "t", "content": [["type": "text", "text": "out"]]],
                    ["type": "text", "text": "<system-reminder>hurry</system-reminder>"],
                ],
            ],
        ])
        #expect(turn == Turn(prompt: "do", toolsCalled: ["Bash"], lastResult: "out"))
        #expect(!turn.isFirst && turn.round == 1)
    }

    @Test("a prompt behind an interrupted tool's result begins a turn")
    func interruptedTool() throws {
        let turn = try turn([
            ["role": "user", "content": "do [[bash: sleep 9]]"],
            ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "Bash", "input": [:]]]],
            [
                "role": "user",
                "content": [
                    ["type": "tool_result", "tool_use_id": "t", "content": "rejected", "is_error": true],
                    ["type": "text", "text": "[Request interrupted by user for tool use]\n"],
                    ["type": "text", "text": "second"],
                ],
            ],
        ])
        #expect(turn == Turn(prompt: "second"))
    }

    @Test("a refused structured answer is asked for again, and the demand is no prompt")
    func enforced() throws {
        let use: JSONValue = ["type": "tool_use", "id": "t", "name": "StructuredOutput", "input": [:]]
        func result(isError: JSONValue) -> JSONValue {
            [
                "role": "user",
                "content": [["type": "tool_result", "tool_use_id": "t", "content": "x", "is_error": isError]],
            ]
        }
        let start: [JSONValue] = [["role": "user", "content": "plan"], ["role": "assistant", "content": [use]]]
        let enforced = try turn(
            .array(
                start + [
                    result(isError: true), ["role": "assistant", "content": "talk"],
                    ["role": "user", "content": "[structured-output-enforce] You MUST call it."],
                ]))
        #expect(enforced.prompt == "plan")
        #expect(!enforced.structuredAccepted && !enforced.isFirst)
        #expect(try turn(.array(start + [result(isError: false)])).structuredAccepted)
    }

    @Test("after a finished turn, a new prompt counts from nothing")
    func afterwards() throws {
        let turn = try turn([
            ["role": "user", "content": "do"],
            ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "Bash", "input": [:]]]],
            ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": "out"]]],
            ["role": "assistant", "content": "done"], ["role": "user", "content": "more"],
        ])
        #expect(turn == Turn(prompt: "more"))
    }
}
