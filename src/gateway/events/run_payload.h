#ifndef OC_RUN_PAYLOAD_H
#define OC_RUN_PAYLOAD_H
#include "agent/session/run_event.h"
/* Payloads of the events of a run (spec 02 §2.6, Appendix A). Pure; every result is a new
 * reference. */

/* Whose event it is: runId, sessionKey, agentId and, on `agent`, sessionId (D58). */
struct oc_run_names {
	const char *run_id, *session_key, *session_id, *agent;
};
/* {runId, sessionKey, agentId, seq, state} */
json_t *oc_chat_payload(const struct oc_run_names *n, int64_t seq, const char *state);
/* {runId, sessionKey, sessionId, agentId, stream, data, seq, ts}; data is stolen. */
json_t *oc_agent_payload(const struct oc_run_names *n, int64_t seq, const char *stream,
			 json_t *data);
/* {role: "assistant", content: [{type: "text", text}], timestamp} */
json_t *oc_chat_text_message(struct oc_str text);

json_t *oc_progress_data(const struct oc_progress *p);
json_t *oc_tool_start_data(const struct oc_tool_call *call);
json_t *oc_tool_result_data(const struct oc_tool_call *call, const struct oc_tool_result *result,
			    int64_t ms);
json_t *oc_tool_update_data(const char *name, const char *call_id, struct oc_str so_far);
json_t *oc_command_output_data(const char *name, const char *call_id, struct oc_str output);
/* phase "start" and "end" of stream item. */
json_t *oc_tool_item_data(const struct oc_tool_call *call, const char *phase, const char *status);
json_t *oc_lifecycle_end_data(const struct oc_run_event *e, bool aborted);
json_t *oc_lifecycle_error_data(const struct oc_run_event *e);
/* "stop" "length" "toolUse" "error" … */
const char *oc_stop_reason(enum oc_finish f);
/* errorMessage, errorKind and errorDetail of a failed run, put into a chat payload. */
void oc_chat_put_error(json_t *payload, const struct oc_run_event *e);
#endif
