#ifndef OC_SESSION_QUEUE_H
#define OC_SESSION_QUEUE_H
#include "agent/session/sessions.h"
/*
 * What waits while a run of the session is under way (spec 02 §7): how it is taken in, how much of
 * it there may be, what becomes of the rest. Pure.
 */
enum oc_queue_drop { OC_DROP_SUMMARIZE, OC_DROP_OLD, OC_DROP_NEW };
struct oc_queue_settings {
	enum oc_queue_mode mode; /* OC_QUEUE_CONFIGURED: nobody said */
	uint64_t debounce_ms;
	size_t cap;
	enum oc_queue_drop drop;
};
/* The session's own settings (queueMode, queueDebounceMs, queueCap, queueDrop), else messages.queue
 * of the config. channel may be NULL. */
void oc_queue_settings_read(struct oc_queue_settings *s, const json_t *session,
			    const struct oc_config *config, const char *channel);

struct oc_input; /* input.h */
struct oc_session_run;
struct oc_queued {
	struct oc_input *input; /* owned, but the run's when it has one of its own */
	enum oc_queue_mode mode;
	struct oc_session_run *own; /* runs under its own id; NULL = its id has ended already */
	bool joins;		    /* but may steer the run under way instead */
};
struct oc_queue {
	struct oc_queued *v;
	size_t n;
	struct oc_strv dropped; /* the beginning of each that a full queue lost, for the summary */
	uint64_t last_ms;	/* monotonic: the newest came then */
};
void oc_queue_deinit(struct oc_queue *q);
/* Takes the item. Where there are too many, the oldest that has no run of its own goes to *lost
 * (mode 0: none did). False: full, and the new one is not taken. */
bool oc_queue_add(struct oc_queue *q, const struct oc_queue_settings *s,
		  const struct oc_queued *item, struct oc_queued *lost);
/* Takes item i out. */
struct oc_queued oc_queue_take(struct oc_queue *q, size_t i);
/* The first with this mode that needs no run of its own, or q->n. */
size_t oc_queue_find(const struct oc_queue *q, enum oc_queue_mode mode);
/* One message of all that are to be collected: a heading, and each under its number. Appends; names
 * what was dropped, which is forgotten. */
void oc_queue_collected(struct oc_queue *q, const struct oc_queued *items, size_t n,
			struct oc_buf *out);
#endif
