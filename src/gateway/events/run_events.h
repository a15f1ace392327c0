#ifndef OC_RUN_EVENTS_H
#define OC_RUN_EVENTS_H
#include "agent/session/run_event.h"
#include "gateway/wire/broker.h"
#include "rt/task.h"
/*
 * What happens to runs, as events of the protocol (spec 02 §2.6): their order, one counter for each
 * run that chat and agent share, live text merged to one event in 75 ms for each run and stream,
 * rows of sessions beside what changes them.
 */
struct oc_gateway;
struct oc_recent_keys;
struct oc_run_events;
enum { OC_EVENT_PACE_MS = 75 };

struct oc_run_events_spec {
	void (*send)(void *arg, const struct oc_event *event);
	/* Somebody gets cumulative texts; NULL = yes. */
	bool (*whole_text)(void *arg);
	/* Somebody gets answers as HTML; NULL = no. */
	bool (*blocks)(void *arg);
	/* Row of a session (spec 02 §2.7), new reference or NULL; may park. NULL = no rows. */
	json_t *(*row_wait)(void *arg, const char *session_key);
	void *arg;
};
/* Its tasks live in a child of the current scope. */
struct oc_run_events *oc_run_events_new(const struct oc_run_events_spec *spec);
/* The same for a gateway: through its broker, with rows from its store. gw is read when events
 * come, so that its parts may be made later. */
struct oc_run_events *oc_run_events_for(struct oc_gateway *gw);
/* Cancels what is under way, sends nothing more. Accepts NULL. */
void oc_run_events_stop_wait(struct oc_run_events *r);

/* The watcher for oc_sessions_new_wait; arg is a struct oc_run_events. Does not park. */
void oc_run_events_watch(void *arg, const struct oc_run_event *event);
/* The chat event that ends a command (spec 02 §8); message (borrowed) as history shows it, NULL =
 * none. */
void oc_run_events_reply(struct oc_run_events *r, const char *run_id, const char *session_key,
			 const char *agent, const json_t *message);
/* What was told so far of the run under way in this session, for who comes late: {runId, seq,
 * itemId, text, thinking, calls: [{toolCallId, name, output}]}; events with a higher seq follow.
 * rendered: with blocks and blockCount. New reference, or NULL. r may be NULL. */
json_t *oc_run_events_in_flight(const struct oc_run_events *r, const char *session_key,
				bool rendered);
/* Run ids of commands that were answered a short while ago. */
struct oc_recent_keys *oc_run_events_commands(struct oc_run_events *r);
/* Runs fn in a task that outlives the connection that asked for it. */
void oc_run_events_spawn(struct oc_run_events *r, oc_task_fn *fn, void *arg);
#endif
