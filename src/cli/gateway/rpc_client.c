/*
 * The connection: one task receives for everybody, whoever calls parks until the response with the
 * id of its request is there. When the connection ends, every wait ends with the reason.
 */
#include "cli/gateway/rpc_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/version.h"
#include "net/websocket/websocket.h"

enum {
	PROTOCOL = 4,
	OLDEST_PROTOCOL = 3,
	MAX_FRAME = 33554432, /* a little more than a gateway sends (policy.maxPayload) */
	TICK_MS = 30000,
	RETRY_MS = 500,
	LINGER_MS = 1000,
};

struct pending {
	char id[32];
	bool expect_final;
	json_t *frame;
	struct oc_wait wait;
	struct pending *next;
};
struct oc_rpc_client {
	struct oc_ws *ws;
	struct oc_scope *scope; /* of the receiver */
	json_t *hello;
	struct pending *pending;
	unsigned last_id;
	char salt[9]; /* ids of two connections differ */
	void (*on_event)(void *arg, const char *event, const json_t *payload);
	void *on_event_arg;
	int64_t seq;
	uint64_t silence_ms;
	bool ended;
	unsigned calls;	   /* under way */
	bool closed;	   /* the last call frees it */
	struct oc_err why; /* how it ended */
	struct oc_wait *listener;
	const char *secret_from;
	char *url;
};

/* ---- frames ---- */

static void send_frame(struct oc_rpc_client *c, const json_t *frame)
{
	char *text = oc_json_compact(frame);

	oc_ws_send(c->ws, oc_str(text));
	oc_free_secret(text); /* connect carries the secret */
}

static void send_request(struct oc_rpc_client *c, const char *id, const char *method,
			 json_t *params)
{
	json_t *frame = json_pack("{s:s,s:s,s:s}", "type", "req", "id", id, "method", method);

	if (params) json_object_set_new(frame, "params", params);
	send_frame(c, frame);
	json_decref(frame);
}

static void next_id(struct oc_rpc_client *c, char *out, size_t size)
{
	snprintf(out, size, "%u:%s", ++c->last_id, c->salt);
}

/* ---- receiving ---- */

static void take_response(struct oc_rpc_client *c, json_t *frame)
{
	const char *id = oc_json_cstr(frame, "id");

	for (struct pending *p = c->pending; id && p; p = p->next) {
		if (strcmp(p->id, id) != 0) continue;
		const char *status = oc_json_cstr(json_object_get(frame, "payload"), "status");
		if (p->expect_final && status && !strcmp(status, "accepted")) return;
		if (p->frame) return;
		p->frame = json_incref(frame);
		oc_wait_end(&p->wait, OC_OK);
		return;
	}
}

static void take_event(struct oc_rpc_client *c, const json_t *frame)
{
	int64_t seq = oc_json_int(frame, "seq", 0);
	const char *event = oc_json_cstr(frame, "event");

	bool gap = seq > 0 && c->seq > 0 && seq != c->seq + 1;
	if (seq > 0) c->seq = seq;
	if (!event || !c->on_event) return;
	if (gap) c->on_event(c->on_event_arg, "gap", NULL);
	c->on_event(c->on_event_arg, event, json_object_get(frame, "payload"));
}

static void take_message(struct oc_rpc_client *c, const struct oc_ws_message *m)
{
	json_t *frame = m->text ? oc_json_parse(m->bytes, NULL, NULL) : NULL;
	const char *type = oc_json_cstr(frame, "type");

	if (type && !strcmp(type, "res"))
		take_response(c, frame);
	else if (type && !strcmp(type, "event"))
		take_event(c, frame);
	json_decref(frame);
}

static enum oc_rc describe_end(struct oc_rpc_client *c, enum oc_rc rc, struct oc_err *e)
{
	const char *reason = oc_ws_close_reason(c->ws);

	if (rc == OC_CANCELLED) return oc_fail(e, rc, "stopped");
	if (rc == OC_E_TIMEOUT)
		return oc_fail(e, OC_E_UPSTREAM, "the gateway at %s has gone silent", c->url);
	if (rc == OC_E_PROTO || rc == OC_E_LIMIT)
		return oc_fail(e, OC_E_UPSTREAM, "the gateway at %s sent what is no valid message",
			       c->url);
	if (*reason)
		return oc_fail(e, OC_E_UPSTREAM, "the gateway closed the connection: %.200s (%u)",
			       reason, oc_ws_close_code(c->ws));
	return oc_fail(e, OC_E_UPSTREAM, "the connection to the gateway at %s was lost", c->url);
}

static void end(struct oc_rpc_client *c, enum oc_rc rc)
{
	describe_end(c, rc, &c->why);
	c->ended = true;
	for (struct pending *p = c->pending; p; p = p->next)
		if (!p->frame) oc_wait_end(&p->wait, c->why.rc);
	if (c->listener) oc_wait_end(c->listener, c->why.rc);
}

static void receive(void *arg)
{
	struct oc_rpc_client *c = arg;
	struct oc_ws_message m;
	enum oc_rc rc;

	while (!(rc = oc_ws_receive_wait(c->ws, oc_deadline_in(c->silence_ms), &m)))
		take_message(c, &m);
	if (rc == OC_E_TIMEOUT) oc_ws_close(c->ws, 4000, "tick timeout");
	end(c, rc);
}

/* ---- the handshake ---- */

/* The next frame of this type, others are passed over. */
static enum oc_rc frame_wait(struct oc_rpc_client *c, const char *type, struct oc_deadline d,
			     json_t **out, struct oc_err *e)
{
	for (;;) {
		struct oc_ws_message m;
		enum oc_rc rc = oc_ws_receive_wait(c->ws, d, &m);

		if (rc == OC_E_TIMEOUT)
			return oc_fail(e, rc, "what listens at %s does not answer like a gateway",
				       c->url);
		if (rc) return describe_end(c, rc, e);
		json_t *frame = m.text ? oc_json_parse(m.bytes, NULL, NULL) : NULL;
		const char *got = oc_json_cstr(frame, "type");
		if (!got) {
			json_decref(frame);
			return oc_fail(e, OC_E_UPSTREAM,
				       "what listens at %s is no OpenClaw gateway", c->url);
		}
		if (!strcmp(got, type)) {
			*out = frame;
			return OC_OK;
		}
		json_decref(frame);
	}
}

static enum oc_rc challenge_wait(struct oc_rpc_client *c, struct oc_deadline d, char **nonce,
				 struct oc_err *e)
{
	json_t *frame;
	enum oc_rc rc = frame_wait(c, "event", d, &frame, e);

	if (rc) return rc;
	const char *event = oc_json_cstr(frame, "event");
	const char *text = oc_json_cstr(json_object_get(frame, "payload"), "nonce");
	if (event && !strcmp(event, "connect.challenge") && text)
		*nonce = oc_strdup(text);
	else
		rc = oc_fail(e, OC_E_UPSTREAM, "what listens at %s is no OpenClaw gateway", c->url);
	json_decref(frame);
	return rc;
}

static json_t *words(const char *list)
{
	json_t *out = json_array();
	struct oc_str s = oc_str(list);

	while (s.n) {
		size_t at = oc_str_find(s, OC_LIT(","), 0);
		json_array_append_new(out, oc_json_new_str(oc_str_trim(oc_str_head(s, at))));
		s = at == SIZE_MAX ? OC_LIT("") : oc_str_from(s, at + 1);
	}
	return out;
}

static json_t *client_json(const struct oc_rpc_hello *hello, const char *platform)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", hello->client_id, "displayName",
			 hello->client_id, "version", oc_version_number(), "platform", platform,
			 "mode", hello->mode);
}

static enum oc_rc add_device(json_t *params, const struct oc_rpc_target *t,
			     const struct oc_rpc_hello *hello, const char *nonce,
			     const char *platform, struct oc_err *e)
{
	json_t *device;
	const struct oc_rpc_device_ask ask = { .state_dir = t->state_dir,
					       .client_id = hello->client_id,
					       .mode = hello->mode,
					       .role = "operator",
					       .scopes = hello->scopes,
					       .token = t->password ? NULL : t->secret,
					       .nonce = nonce,
					       .platform = platform,
					       .family = "",
					       .signed_at_ms = oc_wall_ms() };
	enum oc_rc rc = oc_rpc_device(&ask, &device, e);

	if (!rc) json_object_set_new(params, "device", device);
	return rc;
}

static enum oc_rc connect_params(const struct oc_rpc_target *t, const struct oc_rpc_hello *hello,
				 const char *nonce, json_t **out, struct oc_err *e)
{
	struct utsname system = { .sysname = "linux" };
	json_t *params = json_object();
	enum oc_rc rc = OC_OK;

	uname(&system);
	for (char *c = system.sysname; *c; c++)
		if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
	oc_json_put(params, "minProtocol", json_integer(hello->probe ? OLDEST_PROTOCOL : PROTOCOL));
	oc_json_put(params, "maxProtocol", json_integer(PROTOCOL));
	oc_json_put(params, "client", client_json(hello, system.sysname));
	oc_json_put(params, "caps", words(hello->caps));
	oc_json_put(params, "role", json_string("operator"));
	oc_json_put(params, "scopes", words(hello->scopes));
	if (t->secret)
		oc_json_put(params, "auth",
			    json_pack("{s:o}", t->password ? "password" : "token",
				      oc_json_new_str(oc_str(t->secret))));
	if (hello->device) rc = add_device(params, t, hello, nonce, system.sysname, e);
	if (rc)
		json_decref(params);
	else
		*out = params;
	return rc;
}

/* *retry_ms: the gateway asks to try again after so long; 0 = it does not. */
static enum oc_rc answer_of(struct oc_rpc_client *c, const json_t *frame, int64_t *retry_ms,
			    struct oc_err *e)
{
	const json_t *error = json_object_get(frame, "error");
	json_t *payload = json_object_get(frame, "payload");
	const char *type = oc_json_cstr(payload, "type");

	*retry_ms = 0;
	if (!oc_json_bool(frame, "ok", false)) {
		if (oc_json_bool(error, "retryable", false)) {
			*retry_ms = oc_json_positive(error, "retryAfterMs");
			if (!*retry_ms) *retry_ms = RETRY_MS;
		}
		return oc_rpc_explain(error, c->secret_from, e);
	}
	if (!type || strcmp(type, "hello-ok") != 0)
		return oc_fail(e, OC_E_UPSTREAM, "what listens at %s is no OpenClaw gateway",
			       c->url);
	if (oc_json_int(payload, "protocol", 0) != PROTOCOL)
		return oc_fail(e, OC_E_UPSTREAM,
			       "the gateway at %s speaks protocol %lld, this program %d: use the "
			       "openclaw that started it",
			       c->url, (long long)oc_json_int(payload, "protocol", 0), PROTOCOL);
	c->hello = json_incref(payload);
	int64_t tick = oc_json_positive(json_object_get(payload, "policy"), "tickIntervalMs");
	c->silence_ms = 2 * (uint64_t)(tick ? tick : TICK_MS);
	return OC_OK;
}

static enum oc_rc hello_wait(struct oc_rpc_client *c, const struct oc_rpc_target *t,
			     const struct oc_rpc_hello *hello, struct oc_deadline d,
			     int64_t *retry_ms, struct oc_err *e)
{
	char id[32], *nonce = NULL;
	json_t *params, *frame;
	enum oc_rc rc = challenge_wait(c, d, &nonce, e);

	if (!rc) rc = connect_params(t, hello, nonce, &params, e);
	free(nonce);
	if (rc) return rc;
	next_id(c, id, sizeof id);
	send_request(c, id, "connect", params);
	rc = frame_wait(c, "res", d, &frame, e);
	if (rc) return rc;
	rc = answer_of(c, frame, retry_ms, e);
	json_decref(frame);
	return rc;
}

static void client_free(struct oc_rpc_client *c)
{
	oc_ws_free(c->ws);
	json_decref(c->hello);
	free(c->url);
	free(c);
}

static void explain_absence(const struct oc_rpc_target *t, struct oc_err *e)
{
	struct oc_err why = *e;

	oc_fail(e, OC_E_UPSTREAM, "no gateway answers at %s: %.500s\n%s", t->url, why.msg,
		t->local ? oc_rpc_start_hint : "Is it running there?");
}

static enum oc_rc attempt_wait(const struct oc_rpc_target *t, const struct oc_rpc_hello *hello,
			       struct oc_deadline d, struct oc_rpc_client **out, int64_t *retry_ms,
			       struct oc_err *e)
{
	const struct oc_ws_client_spec spec = { .url = t->url, .max_message = MAX_FRAME };
	struct oc_rpc_client *c = oc_new(struct oc_rpc_client);
	enum oc_rc rc = oc_ws_connect_wait(&spec, d, &c->ws, e);

	c->url = oc_strdup(t->url);
	c->secret_from = t->secret_from;
	oc_rand_id(c->salt, sizeof c->salt - 1);
	if (rc == OC_E_UPSTREAM || rc == OC_E_TIMEOUT) explain_absence(t, e);
	if (!rc) rc = hello_wait(c, t, hello, d, retry_ms, e);
	if (rc) {
		client_free(c);
		return rc;
	}
	c->scope = oc_scope_new();
	oc_scope_spawn(c->scope, receive, c);
	*out = c;
	return OC_OK;
}

enum oc_rc oc_rpc_connect_wait(const struct oc_rpc_target *t, const struct oc_rpc_hello *hello,
			       struct oc_deadline d, struct oc_rpc_client **out, struct oc_err *e)
{
	struct oc_rpc_hello h = *hello;

	if (!h.client_id) h.client_id = "cli";
	if (!h.mode) h.mode = "cli";
	if (!h.scopes) h.scopes = "operator.admin";
	for (;;) {
		int64_t retry_ms = 0;
		enum oc_rc rc = attempt_wait(t, &h, d, out, &retry_ms, e);

		if (!rc || !retry_ms || oc_deadline_passed(d)) return rc;
		if (oc_sleep_wait((uint64_t)retry_ms)) return OC_CANCELLED;
	}
}

/* ---- calls ---- */

const json_t *oc_rpc_hello_ok(const struct oc_rpc_client *c)
{
	return c->hello;
}

bool oc_rpc_connected(const struct oc_rpc_client *c)
{
	return !c->ended;
}

static void unlink_pending(struct oc_rpc_client *c, struct pending *p)
{
	struct pending **at = &c->pending;

	while (*at != p) at = &(*at)->next;
	*at = p->next;
}

static enum oc_rc ended(const struct oc_rpc_client *c, struct oc_err *e)
{
	return oc_fail(e, c->why.rc, "%s", c->why.msg);
}

static enum oc_rc take_answer(struct oc_rpc_client *c, json_t *frame, json_t **result,
			      json_t **error, struct oc_err *e)
{
	json_t *why = json_object_get(frame, "error"), *payload;

	if (oc_json_bool(frame, "ok", false)) {
		payload = json_object_get(frame, "payload");
		if (result) *result = payload ? json_incref(payload) : json_object();
		return OC_OK;
	}
	if (error && why) *error = json_incref(why);
	return oc_rpc_explain(why, c->secret_from, e);
}

enum oc_rc oc_rpc_call_wait(struct oc_rpc_client *c, const char *method, json_t *params,
			    bool expect_final, struct oc_deadline d, json_t **result,
			    json_t **error, struct oc_err *e)
{
	struct pending p = { .expect_final = expect_final, .next = c->pending };

	if (error) *error = NULL;
	if (c->ended) {
		json_decref(params);
		return ended(c, e);
	}
	next_id(c, p.id, sizeof p.id);
	c->pending = &p;
	c->calls++;
	send_request(c, p.id, method, params);
	enum oc_rc rc = oc_wait_park(&p.wait, d);
	unlink_pending(c, &p);
	if (rc == OC_OK)
		rc = take_answer(c, p.frame, result, error, e);
	else if (rc == OC_E_TIMEOUT)
		oc_fail(e, rc, "the gateway did not answer %s in time", method);
	else if (rc == OC_CANCELLED)
		oc_fail(e, rc, "stopped");
	else
		rc = ended(c, e);
	json_decref(p.frame);
	if (--c->calls == 0 && c->closed) client_free(c);
	return rc;
}

void oc_rpc_notify(struct oc_rpc_client *c, const char *method, json_t *params)
{
	char id[32];

	if (c->ended) {
		json_decref(params);
		return;
	}
	next_id(c, id, sizeof id);
	send_request(c, id, method, params);
}

void oc_rpc_on_event(struct oc_rpc_client *c,
		     void (*fn)(void *arg, const char *event, const json_t *payload), void *arg)
{
	c->on_event = fn;
	c->on_event_arg = arg;
}

enum oc_rc oc_rpc_listen_wait(struct oc_rpc_client *c, struct oc_deadline d, struct oc_err *e)
{
	struct oc_wait w = { 0 };

	if (c->ended) return ended(c, e);
	c->listener = &w;
	enum oc_rc rc = oc_wait_park(&w, d);
	c->listener = NULL;
	return rc == OC_E_TIMEOUT || rc == OC_CANCELLED ? rc : ended(c, e);
}

void oc_rpc_close_wait(struct oc_rpc_client *c)
{
	if (!c) return;
	oc_rpc_on_event(c, NULL, NULL);
	if (!c->ended) oc_ws_close(c->ws, 1000, "");
	oc_scope_cancel(c->scope);
	oc_scope_join_wait(c->scope);
	oc_scope_free(c->scope);
	oc_ws_linger_wait(c->ws, oc_deadline_in(LINGER_MS));
	c->closed = true;
	if (!c->calls) client_free(c);
}
