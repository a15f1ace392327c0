#ifndef OC_CHAT_COMMAND_H
#define OC_CHAT_COMMAND_H
#include "gateway/gateway.h"
/*
 * Texts that begin with "/" (spec 02 §8): rows of a table, answered here and never shown to the
 * model. An unknown /word is no command.
 */
struct oc_chat_ask {
	struct oc_gateway *gw;
	const char *session_key; /* canonical */
	struct oc_str text;	 /* the whole message */
	bool admin;		 /* may change what is not the session's own */
	const char *channel;
};
struct oc_chat_answer {
	bool is_command;    /* false: an ordinary message */
	struct oc_buf text; /* Markdown; empty = no reply in the chat */
	char *message; /* goes on to the model in its place ("/new hello"); owned, NULL = nothing */
	bool was_stop; /* /stop: the ack names what was aborted */
	struct oc_strv aborted;
};
/* Initialises out; deinit it. OC_CANCELLED or OC_OK; a command that fails says so in its text. */
OC_MUST_USE enum oc_rc oc_chat_command_wait(const struct oc_chat_ask *ask,
					    struct oc_chat_answer *out);
void oc_chat_answer_deinit(struct oc_chat_answer *a);
/* The text is "/name …" of a skill that people may call. */
bool oc_chat_calls_skill_wait(struct oc_gateway *gw, const char *session_key, struct oc_str text);
/* The rows as commands.list shows them; new reference. */
json_t *oc_chat_command_list(bool with_args);
#endif
