#ifndef OC_SHAPING_H
#define OC_SHAPING_H
#include "model/codec/message.h"
#include "json/json.h"
/*
 * The conversation as a difficult server takes it (spec 03 §3.3, §4.6): no system role, no tool
 * role, no `tools`, plain schemas, fewer fields. Pure, and before any adapter, so it holds for each
 * of them. What a server needs is read from its compat object, where it was configured or learnt:
 *
 *   "systemRole": "user-prefix"   the system text stands before the first user message
 *   "toolRole": "user"            results travel as the user's text, calls as the assistant's
 *   "toolProtocol": "text"        tools are described in the system text, calls come as text
 *   "simpleToolSchemas": true     only what every grammar knows
 *   "unsupportedParams": [...]    members of the body that are left out
 */
struct oc_shaping {
	bool system_as_user, tools_as_user, tools_in_text, simple_schemas;
	struct oc_strv left_out;
};
/* compat may be NULL. */
void oc_shaping_read(struct oc_shaping *s, const json_t *compat);
void oc_shaping_deinit(struct oc_shaping *s);

/* Whether the messages have to be changed. */
bool oc_shaping_changes_messages(const struct oc_shaping *s);
/* A changed copy of in, appended to out. tools: what the text describes, NULL = none. */
void oc_shape_messages(const struct oc_shaping *s, const struct oc_messages *in,
		       const json_t *tools, struct oc_messages *out);
/* What goes into `tools`: a new reference, NULL = the member is left out. */
json_t *oc_shape_tools(const struct oc_shaping *s, json_t *tools);
/* Removes from the finished body what the server refuses. */
void oc_shape_body(const struct oc_shaping *s, json_t *body);
#endif
