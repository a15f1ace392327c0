#ifndef OC_CRON_DELIVERY_H
#define OC_CRON_DELIVERY_H
#include "json/json.h"
/*
 * Where the words of a job or of a heartbeat go besides their session (spec 03 §8.1): out of the
 * program. The scheduler decides what is said and to whom; who implements this port knows the
 * channels and the guard.
 */
enum oc_delivery_mode { OC_DELIVERY_NONE, OC_DELIVERY_ANNOUNCE, OC_DELIVERY_WEBHOOK };

/* All borrowed for the time of the call. */
struct oc_delivery {
	enum oc_delivery_mode mode; /* never NONE */
	/* announce: id of a channel ("telegram"), "last" = where the session's person wrote from
	 * last, "owner" = the direct chat of the owner. Never NULL. */
	const char *channel;
	const char *account, *thread; /* announce: NULL = the only one, none */
	/* announce: the chat as the channel writes it, NULL = that of the route. webhook: the
	 * address. */
	const char *to;
	const char *session_key; /* canonical: whose route and transcript */
	const char *agent;
	struct oc_str text; /* Markdown; never empty */
	/* Tells this message from every other and stays the same when it is tried again: a send
	 * that is known by it is not repeated. */
	const char *id;
	/* webhook: the body of the POST {jobId, name, runId, status, summary?, error?, sessionKey,
	 * runAtMs, durationMs}. NULL for announce. */
	const json_t *event;
};

/*
 * OC_OK: it was sent, or stands in an outbox that outlives a restart. Otherwise e says why for the
 * record of the run: OC_E_INPUT or OC_E_NOT_FOUND (no such channel, chat, account or route),
 * OC_E_DENIED (policy, guard), OC_E_UPSTREAM, OC_E_TIMEOUT, OC_CANCELLED.
 */
typedef enum oc_rc oc_deliver_fn(void *arg, const struct oc_delivery *d, struct oc_err *e);
/* Is the target one that could be delivered to? For cron.add, so that a typing error is told at
 * once. May not park. */
typedef enum oc_rc oc_deliver_check_fn(void *arg, const struct oc_delivery *d, struct oc_err *e);

struct oc_delivery_port {
	oc_deliver_fn *deliver_wait; /* NULL: there are no channels, and nothing leaves */
	oc_deliver_check_fn *check;  /* NULL: every target may be */
	void *arg;
};
#endif
