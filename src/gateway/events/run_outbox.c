/*
 * The order of events around changes of sessions. A change is told with the session's row, which is
 * read in a task because the watcher may not park; what follows in the same session waits for it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/events/run_live.h"

struct oc_run_waiting { /* a change, or an event behind one */
	struct oc_run_waiting *next;
	char *session_key;
	char *reason, *agent;  /* a change */
	struct oc_event event; /* else; owns payload, lean and origin */
};

/* ---- what waits ---- */

static void enqueue(struct oc_run_events *re, struct oc_run_waiting *w)
{
	*re->last = w;
	re->last = &w->next;
}

static void waiting_free(struct oc_run_waiting *w)
{
	json_decref((json_t *)(uintptr_t)w->event.payload);
	json_decref((json_t *)(uintptr_t)w->event.lean);
	json_decref((json_t *)(uintptr_t)w->event.rendered);
	free((char *)(uintptr_t)w->event.origin);
	free(w->session_key);
	free(w->reason);
	free(w->agent);
	free(w);
}

static void drop_first(struct oc_run_events *re)
{
	struct oc_run_waiting *w = re->first;

	re->first = w->next;
	if (!re->first) re->last = &re->first;
	waiting_free(w);
}

static bool has_waiting(const struct oc_run_events *re, const char *session_key)
{
	for (const struct oc_run_waiting *w = re->first; w; w = w->next)
		if (!strcmp(w->session_key, session_key)) return true;
	return false;
}

void oc_run_post(struct oc_run_events *re, const struct oc_event *e)
{
	struct oc_run_waiting *w;

	if (!has_waiting(re, e->session_key)) {
		re->spec.send(re->spec.arg, e);
		return;
	}
	w = oc_new(struct oc_run_waiting);
	w->session_key = oc_strdup(e->session_key);
	w->event = *e;
	w->event.session_key = w->session_key;
	w->event.origin = e->origin ? oc_strdup(e->origin) : NULL;
	json_incref((json_t *)(uintptr_t)e->payload);
	json_incref((json_t *)(uintptr_t)e->lean);
	json_incref((json_t *)(uintptr_t)e->rendered);
	enqueue(re, w);
}

/* ---- rows of sessions ---- */

/* Runs of this session carry the row with their messages, those that wait as well. */
static void remember_row(struct oc_run_events *re, const char *session_key, json_t *row)
{
	for (struct oc_live_run *r = re->runs; r; r = r->next) {
		if (!r->session_key || strcmp(r->session_key, session_key) != 0) continue;
		json_decref(r->row);
		r->row = json_incref(row);
	}
	for (struct oc_run_waiting *w = re->first; w; w = w->next) {
		json_t *payload = (json_t *)(uintptr_t)w->event.payload;
		if (w->reason || strcmp(w->session_key, session_key) != 0) continue;
		if (!strcmp(w->event.name, "session.message") &&
		    !json_object_get(payload, "session"))
			json_object_set(payload, "session", row);
	}
}

/* The ends that clients know by other names. */
static void put_reason(json_t *payload, const char *reason)
{
	bool settled = !strcmp(reason, "end");

	oc_json_put(payload, "reason", json_string(settled ? "agent.input.settled" : reason));
	if (settled) oc_json_put(payload, "phase", json_string("end"));
}

static void tell_change(struct oc_run_events *re, const struct oc_run_waiting *w, json_t *row)
{
	json_t *payload = json_pack("{s:s}", "sessionKey", w->session_key);
	struct oc_event e = { .name = "sessions.changed",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = w->session_key,
			      .to = OC_TO_SESSIONS,
			      .droppable = true };

	if (w->agent) oc_json_put(payload, "agentId", json_string(w->agent));
	put_reason(payload, w->reason);
	oc_json_put(payload, "ts", json_integer(oc_wall_ms()));
	oc_json_put(payload, "session", json_incref(row));
	re->spec.send(re->spec.arg, &e);
	json_decref(payload);
}

/* The first one stays in the queue while its row is read: it holds back what comes after it. */
static void tell_waiting(void *arg)
{
	struct oc_run_events *re = arg;

	while (re->first && !oc_scope_cancelled(re->scope)) {
		struct oc_run_waiting *w = re->first;
		re->reading = w->reason && re->spec.row_wait;
		json_t *row = re->reading ? re->spec.row_wait(re->spec.arg, w->session_key) : NULL;
		re->reading = false;
		if (row) remember_row(re, w->session_key, row);
		if (w->reason)
			tell_change(re, w, row);
		else
			re->spec.send(re->spec.arg, &w->event);
		json_decref(row);
		drop_first(re);
	}
	re->telling = false;
}

/* Twice the same before the first was told is told once. */
static bool is_waiting(const struct oc_run_events *re, const char *session_key, const char *reason)
{
	for (const struct oc_run_waiting *w = re->reading ? re->first->next : re->first; w;
	     w = w->next)
		if (w->reason && !strcmp(w->session_key, session_key) && !strcmp(w->reason, reason))
			return true;
	return false;
}

void oc_run_change(struct oc_run_events *re, const char *session_key, const char *reason,
		   const char *agent)
{
	if (oc_scope_cancelled(re->scope) || is_waiting(re, session_key, reason)) return;
	struct oc_run_waiting *w = oc_new(struct oc_run_waiting);
	w->session_key = oc_strdup(session_key);
	w->reason = oc_strdup(reason);
	w->agent = agent ? oc_strdup(agent) : NULL;
	enqueue(re, w);
	if (re->telling) return;
	re->telling = true;
	oc_scope_spawn(re->scope, tell_waiting, re);
}

void oc_run_outbox_clear(struct oc_run_events *re)
{
	while (re->first) drop_first(re);
}
