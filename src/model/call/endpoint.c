/* The queue before each model server. */
#include "model/call/endpoint.h"

#include <stdlib.h>

#include "base/mem.h"

enum { MAX_SLOTS = 1024 };

struct waiter {
	struct waiter *next;
	const struct oc_slot_ask *ask;
	struct oc_wait wait;
	struct oc_slot *granted; /* set before the wait ends */
	unsigned told;		 /* position told last */
};

struct endpoint {
	struct endpoint *next;
	char *origin;
	unsigned slots, busy;
	struct oc_slot *held;
	struct waiter *queue; /* urgent first, then as they came */
	char *session;	      /* that used it interactively last, NULL */
	uint64_t session_until_ms;
};

struct oc_slot {
	struct oc_slot *next;
	struct endpoint *endpoint;
	enum oc_priority priority;
	char *session;
	void (*give_way)(void *arg); /* NULL = not, or not any more */
	void *arg;
};

static struct endpoint *endpoints;

/* ---- endpoints ---- */

static struct endpoint *endpoint_of(const struct oc_slot_ask *ask)
{
	struct endpoint *p = endpoints;

	while (p && strcmp(p->origin, ask->origin) != 0) p = p->next;
	if (!p) {
		p = oc_alloc(sizeof *p);
		p->origin = oc_strdup(ask->origin);
		p->next = endpoints;
		endpoints = p;
	}
	p->slots = ask->slots ? ask->slots : 1;
	return p;
}

/* Nobody uses it and there is nothing to remember. */
static void drop_if_idle(struct endpoint *p)
{
	struct endpoint **at = &endpoints;

	if (p->busy || p->queue || (p->session && oc_now_ms() < p->session_until_ms)) return;
	while (*at != p) at = &(*at)->next;
	*at = p->next;
	free(p->session);
	free(p->origin);
	free(p);
}

/* ---- order ---- */

/* In the background for another session, while the last one may come back to its prompt. */
static bool kept_away(const struct endpoint *p, const struct oc_slot_ask *ask)
{
	if (p->slots > 1 || ask->priority < OC_PRIORITY_CRON || !p->session) return false;
	if (oc_now_ms() >= p->session_until_ms) return false;
	return !ask->session || strcmp(ask->session, p->session) != 0;
}

static void enqueue(struct endpoint *p, struct waiter *w)
{
	struct waiter **at = &p->queue;

	while (*at && (*at)->ask->priority <= w->ask->priority) at = &(*at)->next;
	w->next = *at;
	*at = w;
}

static void dequeue(struct endpoint *p, const struct waiter *w)
{
	struct waiter **at = &p->queue;

	while (*at && *at != w) at = &(*at)->next;
	if (*at) *at = w->next;
}

static void tell_positions(struct endpoint *p)
{
	unsigned position = 0;

	for (struct waiter *w = p->queue; w; w = w->next) {
		if (w->told == ++position) continue;
		w->told = position;
		if (w->ask->queued) w->ask->queued(w->ask->arg, position);
	}
}

static struct oc_slot *take(struct endpoint *p, const struct oc_slot_ask *ask)
{
	struct oc_slot *s = oc_alloc(sizeof *s);

	*s = (struct oc_slot){ .next = p->held,
			       .endpoint = p,
			       .priority = ask->priority,
			       .session = ask->session ? oc_strdup(ask->session) : NULL,
			       .give_way = ask->give_way,
			       .arg = ask->arg };
	p->held = s;
	p->busy++;
	return s;
}

/* Gives what is free to those who may have it. */
static void dispatch(struct endpoint *p)
{
	struct waiter *next;

	for (struct waiter *w = p->queue; w && p->busy < p->slots; w = next) {
		next = w->next;
		if (kept_away(p, w->ask)) continue;
		dequeue(p, w);
		w->granted = take(p, w->ask);
		oc_wait_end(&w->wait, OC_OK);
	}
	tell_positions(p);
}

/* Those whom the affinity keeps away look at its new end. */
static void wake_kept_away(struct endpoint *p)
{
	for (struct waiter *w = p->queue; w; w = w->next)
		if (kept_away(p, w->ask)) oc_wait_end(&w->wait, OC_E_TIMEOUT);
}

/* Someone waits at the terminal: one request that nobody waits for, and that gave nothing yet,
 * ends. */
static void make_way(struct endpoint *p, const struct oc_slot_ask *ask)
{
	struct oc_slot *victim = NULL;

	if (ask->priority != OC_PRIORITY_INTERACTIVE) return;
	for (struct oc_slot *s = p->held; s; s = s->next)
		if (s->give_way && s->priority >= OC_PRIORITY_HEARTBEAT &&
		    (!victim || s->priority > victim->priority))
			victim = s;
	if (!victim) return;
	void (*give_way)(void *arg) = victim->give_way;

	victim->give_way = NULL;
	give_way(victim->arg);
}

/* ---- acquire and release ---- */

static unsigned waiting(const struct endpoint *p)
{
	unsigned n = 0;

	for (const struct waiter *w = p->queue; w; w = w->next) n++;
	return n;
}

static bool too_many_wait(const struct endpoint *p, const struct oc_slot_ask *ask)
{
	return ask->max_waiting && p->busy >= p->slots && waiting(p) >= ask->max_waiting;
}

static enum oc_rc park(struct endpoint *p, struct waiter *w)
{
	for (;;) {
		bool held_back = p->busy < p->slots; /* so it is the affinity that keeps w away */
		struct oc_deadline d =
		    held_back ? (struct oc_deadline){ p->session_until_ms } : OC_NO_DEADLINE;
		enum oc_rc rc = oc_wait_park(&w->wait, oc_deadline_min(d, w->ask->deadline));

		if (rc != OC_E_TIMEOUT || w->granted) return rc;
		if (oc_deadline_passed(w->ask->deadline)) return rc;
		w->wait = (struct oc_wait){ 0 };
		dispatch(p);
	}
}

enum oc_rc oc_endpoint_acquire_wait(const struct oc_slot_ask *ask, struct oc_slot **out)
{
	struct endpoint *p = endpoint_of(ask);
	struct waiter w = { .ask = ask };

	*out = NULL;
	if (too_many_wait(p, ask)) {
		drop_if_idle(p);
		return OC_E_LIMIT;
	}
	enqueue(p, &w);
	dispatch(p);
	if (!w.granted) make_way(p, ask);
	/* Also when the slot is there already: so that a cancelled task gets none. */
	enum oc_rc rc = park(p, &w);

	dequeue(p, &w);
	if (rc == OC_OK) {
		*out = w.granted;
		return OC_OK;
	}
	if (w.granted) {
		oc_slot_release(w.granted);
	} else {
		tell_positions(p);
		drop_if_idle(p);
	}
	return rc;
}

void oc_slot_produced(struct oc_slot *s)
{
	if (s) s->give_way = NULL;
}

void oc_slot_release(struct oc_slot *s)
{
	if (!s) return;
	struct endpoint *p = s->endpoint;
	struct oc_slot **at = &p->held;

	while (*at != s) at = &(*at)->next;
	*at = s->next;
	p->busy--;
	if (s->session && s->priority <= OC_PRIORITY_APPROVAL) {
		free(p->session);
		p->session = s->session;
		p->session_until_ms = oc_now_ms() + OC_AFFINITY_MS;
		s->session = NULL;
	}
	free(s->session);
	free(s);
	dispatch(p);
	wake_kept_away(p);
	drop_if_idle(p);
}

/* ---- how many ---- */

void oc_endpoint_each(void (*fn)(void *arg, const struct oc_endpoint_state *e), void *arg)
{
	for (const struct endpoint *p = endpoints; p; p = p->next) {
		const struct oc_endpoint_state state = { p->origin, p->slots, p->busy, waiting(p) };

		fn(arg, &state);
	}
}

enum { HOSTED_SLOTS = 16 };

unsigned oc_endpoint_slots(const struct oc_provider *p, int64_t told)
{
	int64_t n = oc_json_positive(json_object_get(p->entry, "params"), "slots");

	if (!n) n = told;
	if (n <= 0) n = p->kind == oc_custom_kind && !p->local ? HOSTED_SLOTS : p->kind->slots;
	if (n <= 0) n = 1;
	return n < MAX_SLOTS ? (unsigned)n : MAX_SLOTS;
}
