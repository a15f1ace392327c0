#ifndef OC_AGENT_INPUT_H
#define OC_AGENT_INPUT_H
#include "agent/session/sessions.h"
/* An accepted message with all that belongs to it, kept until its run has ended. */
struct oc_input {
	char *run_id, *session_key, *agent;
	char *message;
	size_t message_n;
	struct oc_message images; /* its images alone */
	char *model, *thinking, *channel, *sender, *origin, *extra_system;
	struct oc_messages history;
	json_t *callers_tools, *tool_choice, *params, *tools_allow;
	uint64_t timeout_ms;
	enum oc_priority priority;
	bool no_tools, tainted, light, hidden;
	int64_t accepted_ms;
	char *header; /* "[ctx …]" of the moment in which it came; NULL = not made yet */
};
/* A deep copy. run_id, session_key and agent are set by the caller. */
struct oc_input *oc_input_new(const struct oc_ask *ask);
void oc_input_free(struct oc_input *i); /* accepts NULL */
static inline struct oc_str oc_input_text(const struct oc_input *i)
{
	return (struct oc_str){ i->message, i->message_n };
}
/* Its run has ended: what it asked is let go of, its names stay. */
void oc_input_shed(struct oc_input *i);
/* The images of from go along with to. */
void oc_input_move_images(struct oc_input *from, struct oc_input *to);
/* As a document, so that a restart does not lose it: what is needed to store it later. */
json_t *oc_input_json(const struct oc_input *i);
struct oc_input *oc_input_of_json(const json_t *v); /* NULL: it is none */
#endif
