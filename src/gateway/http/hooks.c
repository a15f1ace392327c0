/*
 * POST /hooks/… (spec 02 §4.6): other programs wake an agent, or give it something to do. They have
 * a token of their own, and what they send is marked as foreign text.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/hook_template.h"
#include "gateway/http/internal.h"
#include "gateway/process/wake.h"
#include "net/ed25519.h"
#include "net/sha256.h"
#include "tool/tool.h"

enum { WAIT_SECONDS = 600, MAX_RUN_ID = OC_ID_CHARS * 2 };

struct hook {
	struct oc_gateway *gw;
	struct oc_exchange *x;
	struct oc_snapshot *snapshot;
	const json_t *config; /* section hooks */
	json_t *body;
};

static void refuse(struct oc_exchange *x, int status, const char *message)
{
	json_t *body = json_pack("{s:b}", "ok", 0);

	oc_json_put(body, "error", oc_json_new_str(oc_str(message)));
	oc_route_json(x, status, body);
}

/* ---- who may ---- */

static struct oc_str shown_token(const struct oc_exchange *x)
{
	struct oc_str bearer = oc_str_trim(oc_str(oc_exchange_header(x, "authorization")));

	if (oc_str_istarts(bearer, OC_LIT("Bearer "))) return oc_str_trim(oc_str_from(bearer, 7));
	return oc_str_trim(oc_str(oc_exchange_header(x, "x-openclaw-token")));
}

static bool in_query(const struct oc_exchange *x)
{
	struct oc_str q = oc_str(oc_exchange_query(x));

	return oc_str_starts(q, OC_LIT("token=")) || oc_str_has(q, OC_LIT("&token="));
}

static bool may(const struct hook *h)
{
	struct oc_str token = oc_json_str(h->config, "token"), shown = shown_token(h->x);

	if (in_query(h->x)) {
		oc_route_text(
		    h->x, 400,
		    "The token does not belong into the address: send it as Authorization: "
		    "Bearer or X-OpenClaw-Token.\n");
		return false;
	}
	if (oc_route_locked_out(h->gw, h->x)) return false;
	if (token.n && shown.n && oc_secret_equal(shown, token)) return true;
	if (shown.n) oc_route_wrong_secret(h->gw, h->x);
	oc_route_text(h->x, 401, "Unauthorized");
	return false;
}

static bool hooks_enabled(const struct oc_gateway *gw)
{
	const json_t *config = oc_config_get(&gw->snapshot->config, "hooks");

	return oc_json_bool(config, "enabled", false) && oc_json_str(config, "token").n;
}

/* ---- wake ---- */

static char *canonical_key(struct hook *h, const char *key, const char *agent)
{
	struct oc_err e = { 0 };
	char *out = NULL;

	if (oc_session_key_canonical(&h->snapshot->config, key, agent, &out, &e) != OC_OK)
		refuse(h->x, 400, e.msg);
	return out;
}

static void fail(struct hook *h, enum oc_rc rc, const struct oc_err *e)
{
	if (rc == OC_CANCELLED) return;
	refuse(h->x, rc == OC_E_INPUT || rc == OC_E_LIMIT ? 400 : 503, e->msg);
}

static void wake_wait(struct hook *h, struct oc_str text, bool later)
{
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (!oc_str_trim(text).n) {
		refuse(h->x, 400, "text required");
		return;
	}
	char *key = canonical_key(h, "main", NULL);

	if (!key) return;
	rc = later ? oc_wake_later_wait(h->gw, key, text, &e)
		   : oc_wake_now_wait(h->gw, key, text, &e);
	free(key);
	if (rc != OC_OK)
		fail(h, rc, &e);
	else
		oc_route_json(h->x, 200,
			      json_pack("{s:b,s:s,s:s}", "ok", 1, "mode",
					later ? "next-heartbeat" : "now", "eventOutcome",
					"queued"));
}

static bool is_later(struct oc_str mode, bool *ok)
{
	bool later = oc_str_eq(mode, OC_LIT("next-heartbeat"));

	*ok = later || !mode.n || oc_str_eq(mode, OC_LIT("now"));
	return later;
}

static void wake_hook_wait(struct hook *h)
{
	bool ok, later = is_later(oc_json_str(h->body, "mode"), &ok);

	if (ok)
		wake_wait(h, oc_json_str(h->body, "text"), later);
	else
		refuse(h->x, 400, "mode must be \"now\" or \"next-heartbeat\"");
}

/* ---- agent ---- */

/* What a run of a hook is made of; from the body, or from a mapping. */
struct hook_run {
	struct oc_str message;
	const char *name, *agent, *session; /* session as asked for, NULL */
	const char *model, *thinking, *channel;
	int64_t timeout_seconds;
	bool wait;
};

static bool names(const json_t *list, struct oc_str value)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (oc_str_eq(oc_json_text(item), value) ||
		    oc_str_eq(oc_json_text(item), OC_LIT("*")))
			return true;
	}
	return false;
}

static bool prefix_allowed(const json_t *list, struct oc_str key)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (oc_str_starts(key, oc_json_text(item))) return true;
	}
	return json_array_size(list) == 0;
}

/* Canonical, free with free(); NULL: answered. */
static char *session_of(struct hook *h, const struct hook_run *r, bool from_request)
{
	const char *fallback = oc_json_cstr(h->config, "defaultSessionKey");
	char uuid[OC_ID_CHARS + 1], *made, *key;

	if (r->session && from_request &&
	    (!oc_json_bool(h->config, "allowRequestSessionKey", false) ||
	     !prefix_allowed(json_object_get(h->config, "allowedSessionKeyPrefixes"),
			     oc_str(r->session)))) {
		refuse(h->x, 400,
		       "sessionKey is not allowed here: see hooks.allowRequestSessionKey and "
		       "hooks.allowedSessionKeyPrefixes");
		return NULL;
	}
	oc_uuid(uuid);
	made = r->session ? oc_strdup(r->session)
	       : fallback ? oc_strdup(fallback)
			  : oc_asprintf("hook:%s", uuid);
	key = canonical_key(h, made, r->agent);
	free(made);
	return key;
}

static const char *status_word(const struct oc_run_outcome *o)
{
	return o->status ? o->status : "error";
}

static json_t *completion_wait(struct hook *h, const struct hook_run *r, const char *run_id)
{
	int64_t seconds = r->timeout_seconds > 0 ? r->timeout_seconds : WAIT_SECONDS;
	struct oc_run_outcome o = { 0 };
	json_t *completion = json_object();

	if (oc_sessions_outcome_wait(h->gw->sessions, run_id,
				     oc_deadline_in((uint64_t)seconds * 1000), &o) == OC_OK) {
		bool spoke = o.text && *o.text;

		oc_json_put(completion, "status", json_string(status_word(&o)));
		oc_json_put(completion, "replyDisposition",
			    json_string(spoke ? "visible" : "silent"));
		oc_json_put(completion, "delivered", json_false());
		if (spoke) oc_json_put(completion, "text", oc_json_new_str(oc_str(o.text)));
		if (o.error) oc_json_put(completion, "error", oc_json_new_str(oc_str(o.error)));
	}
	oc_run_outcome_deinit(&o);
	return completion;
}

/* A key of the sender names the run, so that a repeated delivery runs once. */
static char *run_id_of(const struct oc_exchange *x)
{
	const char *key = oc_exchange_header(x, "idempotency-key");
	char digits[OC_SHA256_HEX + 1];

	if (!key || !*key) return NULL;
	if (strlen(key) <= MAX_RUN_ID) return oc_strdup(key);
	oc_sha256_hex(oc_str(key), digits);
	return oc_strdup(digits);
}

static void ask_wait(struct hook *h, const struct hook_run *r, const char *session)
{
	struct oc_tool_result marked;
	struct oc_asked asked;
	struct oc_err e = { 0 };
	char *run_id = run_id_of(h->x);

	oc_tool_result_init(&marked);
	oc_buf_add(&marked.text, r->message);
	marked.untrusted = "webhook";
	oc_tool_result_mark(&marked);
	const struct oc_ask ask = { .session_key = session,
				    .agent = r->agent,
				    .run_id = run_id,
				    .message = oc_buf_view(&marked.text),
				    .model = r->model,
				    .thinking = r->thinking,
				    .channel = "hook",
				    .sender = r->name,
				    .timeout_ms = (uint64_t)r->timeout_seconds * 1000,
				    .priority = OC_PRIORITY_CRON,
				    .own_turn = true };
	enum oc_rc rc = oc_sessions_ask_wait(h->gw->sessions, &ask, &asked, &e);

	oc_tool_result_deinit(&marked);
	free(run_id);
	if (rc != OC_OK) {
		fail(h, rc, &e);
		return;
	}
	json_t *body = json_pack("{s:b,s:s}", "ok", 1, "runId", asked.run_id);

	if (r->wait) oc_json_put(body, "completion", completion_wait(h, r, asked.run_id));
	oc_route_json(h->x, 200, body);
}

static void run_wait(struct hook *h, const struct hook_run *r, bool from_request)
{
	const json_t *allowed = json_object_get(h->config, "allowedAgentIds");

	if (!oc_str_trim(r->message).n) {
		refuse(h->x, 400, "message required");
		return;
	}
	if (r->agent && json_array_size(allowed) && !names(allowed, oc_str(r->agent))) {
		refuse(h->x, 400, "agentId is not allowed: see hooks.allowedAgentIds");
		return;
	}
	char *session = session_of(h, r, from_request);

	if (session) ask_wait(h, r, session);
	free(session);
}

static int64_t bounded_seconds(const json_t *o)
{
	int64_t n = oc_json_positive(o, "timeoutSeconds");

	return n < 86400 ? n : 86400;
}

static void agent_hook_wait(struct hook *h)
{
	const json_t *b = h->body;
	const struct hook_run r = { .message = oc_json_str(b, "message"),
				    .name = oc_json_cstr(b, "name"),
				    .agent = oc_json_cstr(b, "agentId"),
				    .session = oc_json_cstr(b, "sessionKey"),
				    .model = oc_json_cstr(b, "model"),
				    .thinking = oc_json_cstr(b, "thinking"),
				    .timeout_seconds = bounded_seconds(b),
				    .wait = oc_json_bool(b, "waitForCompletion", false) };

	run_wait(h, &r, true);
}

/* ---- mappings ---- */

static const json_t *mapping_of(const struct hook *h, struct oc_str path)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(h->config, "mappings"), i, item) {
		struct oc_str want = oc_json_str(json_object_get(item, "match"), "path");

		if (!want.n) want = oc_json_str(item, "id");
		if (oc_str_starts(want, OC_LIT("/"))) want = oc_str_from(want, 1);
		if (want.n && oc_str_eq(want, path)) return item;
	}
	return NULL;
}

static void mapped_wait(struct hook *h, const json_t *m)
{
	bool wake = oc_str_eq(oc_json_str(m, "action"), OC_LIT("wake"));
	struct oc_str template = oc_json_str(m, wake ? "textTemplate" : "messageTemplate");
	struct oc_buf text, key;
	bool ok;

	oc_buf_init(&text, OC_MAX_SMALL_HTTP_BODY_BYTES);
	oc_buf_init(&key, 2048);
	oc_hook_render(template.n ? template : OC_LIT("{{text}}{{message}}"), h->body, &text);
	oc_hook_render(oc_json_str(m, "sessionKey"), h->body, &key);
	if (wake) {
		wake_wait(h, oc_buf_view(&text), is_later(oc_json_str(m, "wakeMode"), &ok));
	} else {
		const struct hook_run r = { .message = oc_buf_view(&text),
					    .name = oc_json_cstr(m, "name"),
					    .agent = oc_json_cstr(m, "agentId"),
					    .session = key.n ? oc_buf_cstr(&key) : NULL,
					    .model = oc_json_cstr(m, "model"),
					    .thinking = oc_json_cstr(m, "thinking"),
					    .timeout_seconds = bounded_seconds(m) };
		run_wait(h, &r, false);
	}
	oc_buf_deinit(&key);
	oc_buf_deinit(&text);
}

/* ---- the paths ---- */

static void serve_wait(struct hook *h, struct oc_str path)
{
	const json_t *mapping = mapping_of(h, path);
	bool wake = oc_str_eq(path, OC_LIT("wake")), agent = oc_str_eq(path, OC_LIT("agent"));

	if (!mapping && !wake && !agent) {
		oc_route_text(h->x, 404, "Not Found");
		return;
	}
	h->body = oc_body_json_wait(h->x, OC_MAX_SMALL_HTTP_BODY_BYTES);
	if (!h->body) return;
	if (mapping)
		mapped_wait(h, mapping);
	else if (wake)
		wake_hook_wait(h);
	else
		agent_hook_wait(h);
	json_decref(h->body);
}

/* What follows hooks.path and a slash; {NULL, 0}: the path lies elsewhere. */
static struct oc_str below_base(const json_t *config, struct oc_str path)
{
	struct oc_str base = oc_json_str(config, "path");

	while (base.n && base.p[base.n - 1] == '/') base.n--;
	if (!base.n) base = OC_LIT("/hooks");
	if (!oc_str_starts(path, base) || path.n <= base.n || path.p[base.n] != '/')
		return (struct oc_str){ 0 };
	return oc_str_from(path, base.n + 1);
}

bool oc_hook_path(const struct oc_gateway *gw, struct oc_str path)
{
	return below_base(oc_config_get(&gw->snapshot->config, "hooks"), path).p != NULL;
}

static void hooks_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_snapshot *snapshot = oc_gateway_snapshot(gw);
	struct hook h = { .gw = gw,
			  .x = x,
			  .snapshot = snapshot,
			  .config = oc_config_get(&snapshot->config, "hooks") };

	if (may(&h)) serve_wait(&h, below_base(h.config, oc_str(oc_exchange_path(x))));
	oc_snapshot_unref(snapshot);
}

const struct oc_route oc_routes_hooks[] = {
	{ "/hooks/*", "POST", OC_ROUTE_OWN, hooks_enabled, hooks_wait },
	{ 0 },
};
