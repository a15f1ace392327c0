#ifndef OC_RESPONSES_KEPT_H
#define OC_RESPONSES_KEPT_H
#include "gateway/gateway.h"
#include "model/codec/message.h"
/*
 * Responses that can be continued by previous_response_id (D60): for 24 hours, the newest 1,000.
 * Each keeps its own messages and the id of the one before it.
 */
/* messages is borrowed: what was asked, and the answer. previous, session: NULL = none. Problems
 * are logged: the answer is not lost for them. */
void oc_response_keep_wait(struct oc_gateway *gw, const char *id, const char *previous,
			   const char *session, json_t *messages);
/* The whole conversation up to id, oldest first, and its session (free with free()), NULL = none.
 * OC_E_NOT_FOUND: it, or one before it, is not kept (any more). */
OC_MUST_USE enum oc_rc oc_response_load_wait(struct oc_gateway *gw, const char *id,
					     struct oc_messages *out, char **session,
					     struct oc_err *e);
#endif
