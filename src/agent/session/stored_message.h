#ifndef OC_STORED_MESSAGE_H
#define OC_STORED_MESSAGE_H
#include "agent/run/conversation.h"
#include "store/store.h"
/*
 * Messages as the store and the protocol show them (spec 02 §2.7, "Transcript message"), and as the
 * model sees them. The same stored message always gives the same bytes for the model.
 */

/* ---- to be stored: bodies, new references ---- */
/* images: of this message, may be NULL. key may be NULL. */
json_t *oc_body_user(struct oc_str text, const struct oc_message *images, const char *key,
		     int64_t wall_ms);
/* m was said by the model; said tells by which and how it ended. */
json_t *oc_body_assistant(const struct oc_message *m, const struct oc_said *said, int64_t wall_ms);
json_t *oc_body_tool_result(const struct oc_message *m, bool is_error, int64_t wall_ms);
/* What the tokens of a response cost by the model's entry, in dollars; 0 when it names no prices.
 */
double oc_usage_cost(const struct oc_usage *u, const struct oc_model *model);

/* ---- for the model ---- */
/* Appends the message as it is sent. One of a user joins a user's before it, so that no two stand
 * next to each other. */
void oc_stored_to_model(const struct oc_stored_message *m, struct oc_messages *out);
/* Appends the text of a body: all text parts. */
void oc_body_text(const json_t *body, struct oc_buf *out);
#endif
