#ifndef OC_MODEL_INTERNAL_H
#define OC_MODEL_INTERNAL_H
#include "model/call/call.h"
#include "model/call/diagnostics.h"
#include "model/codec/api.h"
#include "net/client/http_client.h"
/* Between call.c, call_body.c, attempt.c and retry.c. */

/* A call made ready: what its requests have in common. */
struct oc_prepared {
	const struct oc_call_spec *spec;
	const struct oc_api *api;
	struct oc_guard guard;
	char *url, *origin;
	int64_t told_slots; /* what the server said, 0 = nothing */

	struct oc_credential credential;
	struct oc_strv headers;
	struct oc_strv tried; /* usage ids of keys that failed in this call */

	json_t *seen;	/* what `models probe` or earlier turns showed of the model */
	json_t *learnt; /* compat facts, those of this call included */
	unsigned lessons;
	struct oc_compat compat;
	json_t *body_json;
	char *body;
};
/* Makes compat and body from what is known now. */
OC_MUST_USE enum oc_rc oc_call_body(struct oc_prepared *p, struct oc_err *e);
/* Opaque thoughts are for the API, the provider and the model that made them: their mark. Free with
 * free(). */
char *oc_call_origin(const struct oc_prepared *p);

struct oc_attempt {
	const struct oc_call_spec *spec;
	const struct oc_guard *guard;
	const struct oc_strv *headers;
	const char *url;
	enum oc_protocol protocol;
	struct oc_str body;
	struct oc_decode_context context;
	struct oc_slot *slot;  /* told when something came, may be NULL */
	struct oc_scope *busy; /* of the request while it is under way */
	bool waited;	       /* for its turn, or for the model: that it goes on is to be told */
	bool gave_way;	       /* ended for more urgent work: to be sent again */
	bool shown;	       /* the sink has seen text */
	bool begun;	       /* of the last request: something of an answer came */
	bool idled;	       /* the last request ended because nothing came for too long */
	struct oc_observation observed;
	struct oc_reply reply; /* out */
};
/* One request, from connect to the end of the body. OC_OK (a->reply says what came, unless it gave
 * way) or OC_CANCELLED (a->reply holds what had arrived). */
OC_MUST_USE enum oc_rc oc_attempt_wait(struct oc_attempt *a);
/* Ends the request that is under way, because more urgent work waits. */
void oc_attempt_give_way(struct oc_attempt *a);

struct oc_retry {
	unsigned tries[OC_ERR_CLASSES];
	uint64_t began_ms;
	uint64_t loading_ms;	/* when the server last said that it loads; 0 = it did not */
	uint64_t load_limit_ms; /* 0 = 10 minutes */
};
/* Whether the same request may be sent again after this reply, and when. visible: text was shown or
 * a tool ran. */
bool oc_retry_allowed(struct oc_retry *r, const struct oc_reply *reply, bool local, bool visible,
		      uint64_t *delay_ms);
#endif
