#ifndef OC_MODEL_INTERNAL_H
#define OC_MODEL_INTERNAL_H
#include "model/call.h"
#include "model/diagnostics.h"
#include "net/http_client.h"
/* Between call.c, attempt.c and retry.c. */

struct oc_attempt {
	const struct oc_call_spec *spec;
	const struct oc_guard *guard;
	const struct oc_strv *headers;
	const char *url;
	struct oc_str body;
	struct oc_decode_context context;
	bool shown; /* the sink has seen text */
	struct oc_observation observed;
	struct oc_reply reply; /* out */
};
/* One request, from connect to the end of the body. OC_OK (a->reply says what came) or OC_CANCELLED
 * (a->reply holds what had arrived). */
OC_MUST_USE enum oc_rc oc_attempt_wait(struct oc_attempt *a);

struct oc_retry {
	unsigned tries[OC_ERR_CLASSES];
	uint64_t began_ms;
};
/* Whether the same request may be sent again after this reply, and when. visible: text was shown or
 * a tool ran. */
bool oc_retry_allowed(struct oc_retry *r, const struct oc_reply *reply, bool local, bool visible,
		      uint64_t *delay_ms);
#endif
