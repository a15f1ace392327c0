/*
 * The clients and their events. A payload is written out once for all of them; only the number and
 * the versions of the state are a connection's own.
 */
#include "gateway/wire/broker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/wire/connection.h"
#include "rt/poll.h"

enum { PRESENCE_EVERY_MS = 250, PRESENCE_SHOWN = 200 };

struct oc_broker {
	struct oc_gateway *gw;
	struct oc_connection *first;
	struct oc_connection *newest, *oldest; /* before their hello */
	size_t n, n_whole_text, n_rendered, n_expected;
	int64_t presence_version, health_version;
	struct oc_timer *tick, *presence;
	bool presence_due;
	uint64_t presence_sent_ms;
};

/* ---- who gets an event ---- */

static bool listens_to(const struct oc_connection *c, const char *key)
{
	return key && oc_strv_has(&c->messages, oc_str(key));
}

static bool is_origin(const struct oc_connection *c, const struct oc_event *e)
{
	return e->origin && !strcmp(c->id, e->origin);
}

static bool receives(const struct oc_connection *c, const struct oc_event *e)
{
	if (c->closed || !oc_scopes_allow(&c->scopes, e->scope)) return false;
	switch (e->to) {
	case OC_TO_ALL:
		return !c->session_scoped || !e->session_key || listens_to(c, e->session_key);
	case OC_TO_MESSAGES: return c->all_sessions || listens_to(c, e->session_key);
	case OC_TO_SESSIONS: return c->all_sessions && !(is_origin(c, e) && c->tool_events);
	case OC_TO_TOOLS: return is_origin(c, e) && c->tool_events;
	case OC_TO_CONNECTION: return is_origin(c, e);
	}
	return false;
}

/* ---- sending ---- */

struct writing {
	const struct oc_event *event;
	struct oc_buf head;
	char
	    *payloads[4]; /* lean or not, rendered or not; written when the first client wants it */
	char state[96];
	size_t clients;
};

static char *payload_text(const json_t *value, const json_t *more)
{
	if (!value) return oc_strdup("{}");
	if (!more) return oc_json_compact(value);
	json_t *whole = json_copy((json_t *)(uintptr_t)value);
	char *text;

	json_object_update(whole, (json_t *)(uintptr_t)more);
	text = oc_json_compact(whole);
	json_decref(whole);
	return text;
}

static struct oc_str payload_for(struct writing *w, const struct oc_connection *c)
{
	bool lean = c->delta_only && w->event->lean;
	bool rendered = c->rendered && w->event->rendered;
	char **text = &w->payloads[lean + 2 * rendered];
	const json_t *value = lean ? w->event->lean : w->event->payload;

	if (!*text) *text = payload_text(value, rendered ? w->event->rendered : NULL);
	return oc_str(*text);
}

static void deliver(struct writing *w, struct oc_connection *c)
{
	struct oc_str payload = payload_for(w, c);
	char tail[128];
	int n =
	    snprintf(tail, sizeof tail, ",\"seq\":%llu%s}", (unsigned long long)++c->seq, w->state);
	const struct oc_str parts[] = { oc_buf_view(&w->head), payload, { tail, (size_t)n } };

	if (oc_ws_backlog(c->ws) + payload.n > OC_MAX_CLIENT_BACKLOG) {
		if (!w->event->droppable) oc_connection_too_slow(c);
		return;
	}
	oc_ws_send_parts(c->ws, parts, sizeof parts / sizeof *parts);
	if (w->event->urgent) oc_ws_flush(c->ws);
	w->clients++;
}

void oc_broker_keep_bounded(struct oc_broker *b)
{
	while (b && oc_ws_backlog_total() > OC_MAX_TOTAL_BACKLOG) {
		struct oc_connection *largest = NULL;

		for (struct oc_connection *c = b->first; c; c = c->next) {
			if (c->closed) continue;
			if (!largest || oc_ws_backlog(c->ws) > oc_ws_backlog(largest->ws))
				largest = c;
		}
		if (!largest || !oc_ws_backlog(largest->ws)) return;
		oc_connection_too_slow(largest);
	}
}

static void log_event(const struct oc_broker *b, const struct writing *w)
{
	if (b->gw->verbose && w->clients)
		oc_log(OC_LOG_INFO, "ws", "→ event %s clients=%zu", w->event->name, w->clients);
}

void oc_broker_send(struct oc_broker *b, const struct oc_event *e)
{
	struct writing w = { .event = e };

	if (!b) return;
	oc_buf_init(&w.head, 256);
	oc_buf_addf(&w.head, "{\"type\":\"event\",\"event\":\"%s\",\"payload\":", e->name);
	if (e->state_version)
		snprintf(w.state, sizeof w.state,
			 ",\"stateVersion\":{\"presence\":%lld,\"health\":%lld}",
			 (long long)b->presence_version, (long long)b->health_version);
	for (struct oc_connection *c = b->first; c; c = c->next)
		if (receives(c, e)) deliver(&w, c);
	oc_broker_keep_bounded(b);
	log_event(b, &w);
	oc_buf_deinit(&w.head);
	for (size_t i = 0; i < sizeof w.payloads / sizeof *w.payloads; i++) free(w.payloads[i]);
}

/* ---- presence and ticks ---- */

json_t *oc_broker_presence(const struct oc_broker *b)
{
	json_t *list = json_array();
	size_t shown = 0;

	json_array_append_new(list, oc_presence_entry(b->gw, NULL));
	for (const struct oc_connection *c = b->first; c && shown < PRESENCE_SHOWN; c = c->next) {
		if (!oc_presence_shows(c)) continue;
		json_array_append_new(list, oc_presence_entry(b->gw, c));
		shown++;
	}
	return list;
}

static void send_presence(void *arg)
{
	struct oc_broker *b = arg;
	json_t *payload = json_pack("{s:o}", "presence", oc_broker_presence(b));

	b->presence_due = false;
	b->presence_sent_ms = oc_now_ms();
	oc_broker_send(b, &(struct oc_event){ .name = "presence",
					      .payload = payload,
					      .scope = OC_SCOPE_READ,
					      .to = OC_TO_ALL,
					      .state_version = true });
	json_decref(payload);
}

/* Many that come at once are told once. */
static void presence_changed(struct oc_broker *b)
{
	uint64_t since = oc_now_ms() - b->presence_sent_ms;

	b->presence_version++;
	if (b->presence_due || !b->n) return;
	b->presence_due = true;
	oc_timer_start(b->presence, since < PRESENCE_EVERY_MS ? PRESENCE_EVERY_MS - since : 0);
}

static void send_tick(void *arg)
{
	struct oc_broker *b = arg;
	json_t *payload = json_pack("{s:I}", "ts", (json_int_t)oc_wall_ms());

	oc_timer_start(b->tick, OC_TICK_MS);
	oc_broker_send(b, &(struct oc_event){ .name = "tick", .payload = payload });
	json_decref(payload);
}

void oc_broker_health_changed(struct oc_broker *b)
{
	b->health_version++;
}

json_t *oc_broker_state_version(const struct oc_broker *b)
{
	return json_pack("{s:I, s:I}", "presence", (json_int_t)b->presence_version, "health",
			 (json_int_t)b->health_version);
}

/* ---- the list ---- */

struct oc_broker *oc_broker_new(struct oc_gateway *gw)
{
	struct oc_broker *b = oc_new(struct oc_broker);

	b->gw = gw;
	b->tick = oc_timer_new(send_tick, b);
	b->presence = oc_timer_new(send_presence, b);
	oc_timer_start(b->tick, OC_TICK_MS);
	return b;
}

void oc_broker_free(struct oc_broker *b)
{
	if (!b) return;
	oc_timer_free(b->tick);
	oc_timer_free(b->presence);
	free(b);
}

void oc_broker_expect(struct oc_broker *b, struct oc_connection *c)
{
	struct oc_connection *oldest = b->oldest;

	if (b->n_expected >= OC_MAX_HANDSHAKES) {
		oldest->displaced = true;
		oc_connection_close(oldest, 1013, "too many connections without a hello");
		oc_broker_expect_no_more(b, oldest);
	}
	c->prev = NULL;
	c->next = b->newest;
	if (c->next) c->next->prev = c;
	b->newest = c;
	if (!b->oldest) b->oldest = c;
	b->n_expected++;
}

void oc_broker_expect_no_more(struct oc_broker *b, struct oc_connection *c)
{
	if (!c->prev && b->newest != c) return; /* displaced */
	if (c->prev)
		c->prev->next = c->next;
	else
		b->newest = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		b->oldest = c->prev;
	c->next = c->prev = NULL;
	b->n_expected--;
}

void oc_broker_add(struct oc_broker *b, struct oc_connection *c)
{
	c->prev = NULL;
	c->next = b->first;
	if (c->next) c->next->prev = c;
	b->first = c;
	b->n++;
	b->n_whole_text += !c->delta_only;
	b->n_rendered += c->rendered;
	if (oc_presence_shows(c)) presence_changed(b);
}

void oc_broker_remove(struct oc_broker *b, struct oc_connection *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		b->first = c->next;
	if (c->next) c->next->prev = c->prev;
	b->n--;
	b->n_whole_text -= !c->delta_only;
	b->n_rendered -= c->rendered;
	if (oc_presence_shows(c)) presence_changed(b);
}

void oc_broker_close_all(struct oc_broker *b, unsigned code, const char *reason)
{
	for (struct oc_connection *c = b->first; c; c = c->next)
		oc_connection_close(c, code, reason);
}

size_t oc_broker_clients(const struct oc_broker *b)
{
	return b->n;
}

bool oc_broker_wants_whole_text(const struct oc_broker *b)
{
	return b->n_whole_text > 0;
}

bool oc_broker_wants_blocks(const struct oc_broker *b)
{
	return b->n_rendered > 0;
}
