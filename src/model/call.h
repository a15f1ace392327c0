#ifndef OC_CALL_H
#define OC_CALL_H
#include "model/credential.h"
#include "model/decoder.h"
#include "model/select.h"
#include "rt/task.h"
/*
 * One model call: credentials, guard, request, stream, decoder, and the retries that are safe (D7,
 * D8, D69). The caller sees the deltas through sink and one reply at the end.
 */
struct oc_call_spec {
	const struct oc_catalog *catalog;
	const struct oc_selection *target;
	const struct oc_messages *messages;
	json_t *tools; /* borrowed, NULL = none */
	const struct oc_strv *tool_names;
	const char *thinking; /* level; NULL = default by the model */
	int64_t max_tokens;   /* 0 = model's */
	bool plan_output; /* not planned by the caller: clamp max_tokens to the remaining context
			     (infer) */
	const char *request_model; /* what preload said; NULL = model id */
	const struct oc_reply_sink *sink;
	bool visible_before; /* something of this run was shown or a tool ran: no retry after bytes
				(D7) */
};
/* OC_OK: a reply came, maybe one that is an error (reply->error says which). OC_CANCELLED. OC_E_*:
 * the call could not be made (e). */
OC_MUST_USE enum oc_rc oc_call_wait(const struct oc_call_spec *spec, struct oc_reply *reply,
				    struct oc_err *e);
/* A person's sentence for a reply that is an error: names server, cause, remedy. */
void oc_call_explain(const struct oc_call_spec *spec, const struct oc_reply *reply,
		     struct oc_buf *out);
#endif
