/// A stand-in for the CLI: it speaks as much of its protocol as the tests need, and misbehaves when its prompt says so.
enum StandIn {
    static let script = #"""
        #!/bin/sh
        session=s1 sessions=1 cents=0
        say() { printf '%s\n' "$1"; }
        field() { rest=${line#*\"$1\":\"}; [ "$rest" != "$line" ] && printf %s "${rest%%\"*}"; }
        answer() { say "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"$(field request_id)\",\"response\":{$1}}}"; }
        result() {
          say "{\"type\":\"result\",\"subtype\":\"${2:-success}\",\"is_error\":${3:-false},\"result\":\"$1\",\"structured_output\":{ \"n\": 1.10,\"s\":\"}\\\"\"},\"session_id\":\"$session\",\"num_turns\":2,\"duration_ms\":5,\"duration_api_ms\":$cents,\"total_cost_usd\":0.$cents,\"usage\":{\"input_tokens\":10,\"output_tokens\":2,\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":4},\"permission_denials\":[{\"tool_name\":\"Bash\",\"tool_input\":{}}],\"terminal_reason\":\"${4:-completed}\",\"api_error_status\":null,\"user_message_uuid\":\"$uuid\"}"
        }
        while IFS= read -r line; do
          case $line in
            *'"initialize"'*)
              [ -e "$CLAUDE_CONFIG_DIR/mute" ] && continue
              [ -e "$CLAUDE_CONFIG_DIR/dies" ] && { echo "error: unknown option" >&2; exit 1; }
              answer "\"pid\":$$,\"claude_code_version\":\"9.8.7\"" ;;
            *'"set_model"'*'"nonsense"'*|*'"nonsense"'*'"set_model"'*)
              say "{\"type\":\"control_response\",\"response\":{\"subtype\":\"error\",\"request_id\":\"$(field request_id)\",\"error\":\"no such model\"}}" ;;
            *'"interrupt"'*) answer '"still_queued":[]'; result "" error_during_execution true aborted_streaming ;;
            *'"type":"control_request"'*) answer "" ;;
            *'"type":"control_response"'*) say "$line" >&2 ;;
            *'/clear'*)
              uuid=$(field uuid)
              case $line in *client_composed*) result "taken as text"; continue ;; esac
              [ -e "$CLAUDE_CONFIG_DIR/unclear" ] || { sessions=$((sessions + 1)); session=s$sessions; }
              cents=0
              say "{\"type\":\"conversation_reset\",\"session_id\":\"s1\"}"
              result "" success false completed ;;
            *)
              uuid=$(field uuid)
              cents=$((cents + 11))
              say "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"$session\"}"
              case $line in
                *hang*) ;;
                *leave*) echo "the last words" >&2; exit 9 ;;
                *garbage*) say '{"type":"assistant", oh' ;;
                *noise*) say 'no JSON'; say ''; say '{"type":"of next year"}'; result "quiet" ;;
                *split*) printf '{"type":"result","subtype":"success","is_error":false,"session_id":"s1","result":"caf\303'; sleep 0.05; printf '\251 \342\200'; sleep 0.05; printf '\250."}\n' ;;
                *large*) printf '{"type":"assistant","message":"'; head -c 20000000 /dev/zero | tr '\0' x; say '"}'; result "after 20 MB" ;;
                *endless*) printf '{"type":"assistant","message":"'; head -c 40000000 /dev/zero | tr '\0' x; say '"}'; result "after 40 MB" ;;
                *mute*) exec >&-; exec sleep 1000 ;;
                *retry*) say '{"type":"system","subtype":"api_retry","attempt":1,"error_status":529}'; say '{"type":"system","subtype":"api_retry","attempt":2,"error_status":429}'; result "at last" ;;
                *refused*) say '{"type":"system","subtype":"api_retry","attempt":1,"error_status":401}'; say '{"type":"system","subtype":"api_retry","attempt":2,"error_status":401}' ;;
                *renewed*) say '{"type":"system","subtype":"api_retry","attempt":1,"error_status":401}'; result "renewed" ;;
                *stale*) good=$uuid; uuid=another; result "not yours"; uuid=$good; result "yours" ;;
                *ask*) say '{"type":"control_request","request_id":"q7","request":{"subtype":"can_use_tool"}}'; result "asked" ;;
                *) result "fine" ;;
              esac ;;
          esac
        done
        """#
}
