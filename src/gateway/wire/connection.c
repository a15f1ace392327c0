/* A client's connection from the upgrade to its end. */
#include "gateway/wire/connection.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/access/client_address.h"

enum {
	PARSE_HERE_BYTES = 65536, /* larger frames are parsed on a thread */
	LINGER_MS = 2000,
	SLOW_LINGER_MS = 30000, /* for a slow client to see why it was closed */
};

/* ---- sending ---- */

void oc_connection_too_slow(struct oc_connection *c)
{
	oc_log(OC_LOG_WARN, "ws", "conn=%s reads too slowly: %zu bytes wait", c->id,
	       oc_ws_backlog(c->ws));
	/* What waits would keep the memory, and the reason from the client. */
	oc_ws_drop_backlog(c->ws);
	oc_connection_close(c, 1008, "slow consumer");
}

static void send_answer(struct oc_connection *c, const char *id, bool ok, const json_t *value)
{
	json_t *id_text = oc_json_new_str(oc_str(id));
	char *id_json = oc_json_compact(id_text);
	char *text = value ? oc_json_compact(value) : oc_strdup("{}");
	const struct oc_str parts[] = {
		OC_LIT("{\"type\":\"res\",\"id\":"),
		oc_str(id_json),
		ok ? OC_LIT(",\"ok\":true,\"payload\":") : OC_LIT(",\"ok\":false,\"error\":"),
		oc_str(text),
		OC_LIT("}"),
	};

	json_decref(id_text);
	if (!c->closed && oc_ws_backlog(c->ws) + strlen(text) > OC_MAX_CLIENT_BACKLOG)
		oc_connection_too_slow(c);
	if (!c->closed) oc_ws_send_parts(c->ws, parts, sizeof parts / sizeof *parts);
	oc_broker_keep_bounded(c->gw->broker);
	free(id_json);
	free(text);
}

void oc_connection_respond(struct oc_connection *c, const char *id, const json_t *payload)
{
	send_answer(c, id, true, payload);
}

void oc_connection_refuse(struct oc_connection *c, const char *id, const json_t *error)
{
	send_answer(c, id, false, error);
}

void oc_connection_close(struct oc_connection *c, unsigned code, const char *reason)
{
	if (c->closed) return;
	c->closed = true;
	oc_ws_close(c->ws, code, reason);
}

/* ---- what others ask of it ---- */

const char *oc_connection_id(const struct oc_connection *c)
{
	return c->id;
}

bool oc_connection_has_scope(const struct oc_connection *c, enum oc_client_scope scope)
{
	return oc_scopes_allow(&c->scopes, scope);
}

bool oc_connection_has_cap(const struct oc_connection *c, const char *cap)
{
	return oc_strv_has(&c->caps, oc_str(cap));
}

const char *oc_connection_client_id(const struct oc_connection *c)
{
	return oc_json_cstr(c->client, "id");
}

const char *oc_connection_client_mode(const struct oc_connection *c)
{
	return oc_json_cstr(c->client, "mode");
}

void oc_connection_subscribe_sessions(struct oc_connection *c, bool on)
{
	c->all_sessions = on;
}

void oc_connection_subscribe_messages(struct oc_connection *c, const char *session_key, bool on)
{
	struct oc_strv *l = &c->messages;

	if (on) {
		if (l->n < OC_MAX_SUBSCRIPTIONS) oc_strv_add_once(l, oc_str(session_key));
		return;
	}
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], session_key) != 0) continue;
		free(l->v[i]);
		l->v[i] = l->v[--l->n];
		l->v[l->n] = NULL;
		return;
	}
}

/* ---- receiving ---- */

struct parsing {
	struct oc_str text;
	json_t *value;
};

static void parse(void *arg)
{
	struct parsing *p = arg;

	p->value = oc_json_parse(p->text, NULL, NULL);
}

/* A large frame must not keep the loop from the others. */
json_t *oc_connection_parse_wait(struct oc_str text)
{
	struct parsing p = { .text = text };

	if (text.n <= PARSE_HERE_BYTES)
		parse(&p);
	else
		oc_work_wait(parse, &p);
	return p.value;
}

static void serve_requests(struct oc_connection *c)
{
	struct oc_ws_message m;

	while (!oc_ws_receive_wait(c->ws, OC_NO_DEADLINE, &m)) {
		json_t *frame = m.text ? oc_connection_parse_wait(m.bytes) : NULL;

		if (!frame) oc_log(OC_LOG_WARN, "ws", "conn=%s sent what is not JSON", c->id);
		oc_dispatch_wait(c, frame ? frame : json_null(), m.bytes.n);
	}
}

/* ---- from begin to end ---- */

static char *copy_or_null(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static void init(struct oc_connection *c, struct oc_gateway *gw, struct oc_exchange *x)
{
	char address[OC_IP_TEXT];

	oc_client_address(gw, x, address);
	*c = (struct oc_connection){ .gw = gw };
	oc_uuid(c->id);
	oc_uuid(c->nonce);
	c->address = oc_strdup(address);
	c->origin = copy_or_null(oc_exchange_header(x, "Origin"));
	c->host = copy_or_null(oc_exchange_header(x, "Host"));
	c->local = oc_client_is_local(x);
	c->connected_ms = oc_wall_ms();
	c->opened_ms = oc_now_ms();
}

static void deinit(struct oc_connection *c)
{
	oc_ws_free(c->ws);
	free(c->address);
	free(c->origin);
	free(c->host);
	free(c->device);
	json_decref(c->client);
	oc_strv_deinit(&c->scopes);
	oc_strv_deinit(&c->caps);
	oc_strv_deinit(&c->messages);
}

static void serve_client(struct oc_connection *c)
{
	oc_ws_set_max_message(c->ws, OC_MAX_FRAME_BYTES);
	oc_ws_keep_alive(c->ws, OC_PING_MS);
	c->requests = oc_scope_new();
	oc_broker_add(c->gw->broker, c);
	serve_requests(c);
	c->closed = true;
	oc_broker_remove(c->gw->broker, c);
	oc_scope_cancel(c->requests);
	oc_scope_join_wait(c->requests);
	oc_scope_free(c->requests);
}

static void log_end(const struct oc_connection *c)
{
	if (!c->gw->verbose) return;
	oc_log(OC_LOG_INFO, "ws", "→ close code=%u reason=%s durationMs=%llu conn=%s",
	       oc_ws_close_code(c->ws), oc_ws_close_reason(c->ws),
	       (unsigned long long)(oc_now_ms() - c->opened_ms), c->id);
}

void oc_connection_serve_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_connection c;
	struct oc_err e = { 0 };

	init(&c, gw, x);
	if (oc_exchange_upgrade_wait(x, OC_HELLO_BYTES, &c.ws, &e) == OC_OK) {
		if (gw->verbose)
			oc_log(OC_LOG_INFO, "ws", "← open conn=%s remote=%s", c.id, c.address);
		oc_broker_expect(gw->broker, &c);
		bool hello = oc_handshake_wait(&c);
		oc_broker_expect_no_more(gw->broker, &c);
		if (hello) serve_client(&c);
		bool slow = oc_ws_backlog(c.ws) > 0;
		if (!c.displaced)
			oc_ws_linger_wait(c.ws, oc_deadline_in(slow ? SLOW_LINGER_MS : LINGER_MS));
		log_end(&c);
	}
	deinit(&c);
}
