#ifndef OC_COMMAND_RUN_H
#define OC_COMMAND_RUN_H
#include "gateway/gateway.h"
/*
 * A command that a client typed into a conversation, from what is shown of it to its end on the
 * wire (spec 02 §2.6): a message of the user that the model never sees, one chat final, the reply
 * as a message of the gateway.
 */
struct oc_command_run {
	struct oc_gateway *gw;
	const char *session_key; /* canonical */
	const char *run_id;
	struct oc_str text;
	const char *channel;
	bool admin;
};
/* Whether the text begins with the name of a command. */
bool oc_command_is(struct oc_str text);
/* The same, or of a skill of the session's agent. */
bool oc_command_is_wait(struct oc_gateway *gw, const char *session_key, struct oc_str text);
/* reply (initialised by the caller) gets what was answered. *rest (owned, NULL = nothing) is what
 * goes on to the model under the same run id; then there is no chat final here. */
void oc_command_run_wait(const struct oc_command_run *c, struct oc_buf *reply, char **rest);
/* {role: "assistant", content, provider: "openclaw", model: "gateway-injected", …}: what the
 * gateway itself says. New reference. */
json_t *oc_gateway_message(struct oc_str text);
#endif
