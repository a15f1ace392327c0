#ifndef OC_HEARTBEAT_H
#define OC_HEARTBEAT_H
#include "agent/cron/delivery.h"
#include "agent/session/sessions.h"
/*
 * Looking around from time to time (spec 03 §8.2), off unless agents.defaults.heartbeat.every says
 * how often. The model is asked only when there is something to look at: events that wait for the
 * session, or words in HEARTBEAT.md. A beat is a turn at the end of the session, and what it says
 * in silence nobody sees.
 */
struct oc_heartbeat;
struct oc_heartbeat_spec {
	struct oc_store *store;
	struct oc_sessions *sessions;
	struct oc_snapshot *(*snapshot)(void *arg);
	/* {ts, status: "sent" | "ok-token" | "skipped" | "failed", reason?, preview?, durationMs};
	 * borrowed. May not park. */
	void (*told)(void *arg, const json_t *record);
	void *arg;
	struct oc_delivery_port delivery;
};
OC_MUST_USE enum oc_rc oc_heartbeat_start_wait(const struct oc_heartbeat_spec *spec,
					       struct oc_heartbeat **out, struct oc_err *e);
void oc_heartbeat_stop_wait(struct oc_heartbeat *h); /* accepts NULL */
/* Switches beats on or off, whatever the configuration says of their pace. Outlives a restart. */
OC_MUST_USE enum oc_rc oc_heartbeat_enable_wait(struct oc_heartbeat *h, bool on, struct oc_err *e);
/* The last beat; NULL = none yet. New reference. */
json_t *oc_heartbeat_last(const struct oc_heartbeat *h);
/* Whether an event may wake the model at once: not more often than five times a minute. Counts. */
bool oc_heartbeat_may_wake(struct oc_heartbeat *h);

/* ---- pure ---- */
/* "8:00" to "22:00" in the zone; either end may be missing; over midnight when start is later. */
bool oc_heartbeat_is_active(const json_t *active_hours, const char *zone, int64_t now_ms);
/* Lines that say something: not blank, no heading, no comment. */
bool oc_heartbeat_has_notes(struct oc_str text);
#endif
