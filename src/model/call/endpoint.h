#ifndef OC_ENDPOINT_H
#define OC_ENDPOINT_H
#include "model/provider/catalog.h"
#include "rt/task.h"
/*
 * Who may ask a model server now (spec 03 §1.11, D36). A server works on as many requests at once
 * as it has slots; what is more waits here, in order of urgency and then of arrival, and never in
 * the server. With one slot the last interactive session keeps it for some minutes against work in
 * the background, because the server still holds its prompt. Known to this process alone.
 */
enum oc_priority {
	OC_PRIORITY_INTERACTIVE,
	OC_PRIORITY_APPROVAL, /* goes on after an approval */
	OC_PRIORITY_SUBAGENT,
	OC_PRIORITY_CRON,
	OC_PRIORITY_HEARTBEAT,	  /* from here on it gives way to interactive work, as long as */
	OC_PRIORITY_HOUSEKEEPING, /* nothing has come of it */
};
enum { OC_AFFINITY_MS = 600000 };

struct oc_slot_ask {
	const char *origin; /* oc_url_origin of the base URL */
	unsigned slots;	    /* >= 1; the last number told holds */
	enum oc_priority priority;
	const char *session; /* whose prompt the server will hold; NULL = nobody's */
	/* Waiting, and at which place (1 = next); again whenever that changes. May be NULL. May not
	 * park. */
	void (*queued)(void *arg, unsigned position);
	/* Something more urgent waits: end the request soon, then release. At most once. NULL =
	 * never asked. May not park. */
	void (*give_way)(void *arg);
	void *arg;
	struct oc_deadline deadline; /* of the wait; zeroed = none: it moves as requests end */
	unsigned max_waiting;	     /* who would stand behind so many is refused; 0 = no bound */
};
struct oc_slot; /* the right to have one request under way */

/* OC_OK: *out is set, and has to be released. OC_CANCELLED. OC_E_TIMEOUT: the deadline; OC_E_LIMIT:
 * too many wait. */
OC_MUST_USE enum oc_rc oc_endpoint_acquire_wait(const struct oc_slot_ask *ask,
						struct oc_slot **out);
/* Something came of the request: it is no longer asked to give way. Accepts NULL. */
void oc_slot_produced(struct oc_slot *s);
void oc_slot_release(struct oc_slot *s); /* accepts NULL */

/* Every endpoint that is in use or remembered. */
struct oc_endpoint_state {
	const char *origin;
	unsigned slots, busy, waiting;
};
void oc_endpoint_each(void (*fn)(void *arg, const struct oc_endpoint_state *e), void *arg);

/* Slots of a provider's endpoint: params.slots, else what the server told (0 = nothing), else by
 * what it is. */
unsigned oc_endpoint_slots(const struct oc_provider *p, int64_t told);
#endif
