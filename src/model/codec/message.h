#ifndef OC_MESSAGE_H
#define OC_MESSAGE_H
#include "json/json.h"
/* A conversation as values. Texts carry lengths: NUL is legal inside. */
enum oc_role { OC_ROLE_SYSTEM, OC_ROLE_USER, OC_ROLE_ASSISTANT, OC_ROLE_TOOL };

struct oc_tool_call {
	char *id; /* ours when the message is stored, the server's (or a fresh one) in a reply */
	char *name;
	char *arguments; /* as received, whatever it is; a request replays "{}" when args is NULL
			    (D40) */
	json_t *args;	 /* object, NULL when invalid */
	bool valid;
};
struct oc_image {
	char *mime;
	char *base64;
};
struct oc_message {
	enum oc_role role;
	struct oc_buf text;
	struct oc_buf reasoning; /* assistant: replayed inside a tool loop */
	/* The member the server used: "reasoning_content", "reasoning"; NULL = not replayed. */
	char *reasoning_field;
	/* assistant: thought in the form that its API wants back, an array; NULL = none. Owned. */
	json_t *thoughts;
	char *thoughts_origin; /* only this API, provider and model may see them again */
	struct oc_tool_call *calls;
	size_t n_calls;
	struct oc_image *images;
	size_t n_images;
	char *tool_call_id; /* tool */
	char *tool_name;    /* tool */
	bool untrusted;	    /* holds what strangers wrote (spec 03 §6.1) */
	bool tool_failed;   /* tool: the call did not do what it should; told where an API asks */
};
struct oc_messages {
	struct oc_message *v;
	size_t n, cap;
};
/* Appends a message with this text and returns it; valid until the next append. */
struct oc_message *oc_messages_add(struct oc_messages *m, enum oc_role role, struct oc_str text);
/* Since the last user message, that one included, foreign content came in: by the flag, or by the
 * marks around it (spec 03 §6.1). */
bool oc_messages_tainted(const struct oc_messages *m);
void oc_messages_deinit(struct oc_messages *m);
void oc_message_deinit(struct oc_message *m);
void oc_tool_call_deinit(struct oc_tool_call *c);

/* Grows the lists of a message by one zeroed element. */
struct oc_tool_call *oc_message_add_call(struct oc_message *m);
struct oc_image *oc_message_add_image(struct oc_message *m);
#endif
