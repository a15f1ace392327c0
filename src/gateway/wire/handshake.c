/*
 * From the challenge to hello-ok (spec 02 §2.2, §2.3). Whoever is refused gets the reason as an
 * answer and again in the close frame; what is not even a request gets no answer.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/access/devices.h"
#include "gateway/access/origin.h"
#include "gateway/methods/method.h"
#include "gateway/process/health.h"
#include "gateway/view/model_rows.h"
#include "gateway/wire/connection.h"
#include "gateway/wire/shape.h"

struct handshake {
	struct oc_connection *c;
	json_t *frame;
	const char *id;
	json_t *params; /* borrowed from frame */
	struct oc_auth_facts facts;
	struct oc_auth_decision decision;
	struct oc_strv scopes; /* asked for, then granted */
	char token[OC_DEVICE_TOKEN_CHARS + 1];
	int64_t token_ms;
};

/* ---- refusing ---- */

static bool refuse(struct handshake *h, json_t *error, unsigned code, const char *reason)
{
	struct oc_connection *c = h->c;
	const json_t *client = json_object_get(h->params, "client");
	const char *name = oc_json_cstr(client, "id");

	oc_log(OC_LOG_WARN, "ws", "refused conn=%s remote=%s client=%.80s: %s", c->id, c->address,
	       name ? name : "?", reason);
	oc_connection_refuse(c, h->id, error);
	json_decref(error);
	oc_connection_close(c, code, reason);
	return false;
}

static bool refuse_text(struct handshake *h, unsigned code, const char *message)
{
	json_t *error = json_pack("{s:s}", "code", "INVALID_REQUEST");

	oc_json_put(error, "message", oc_json_new_str(oc_str(message)));
	return refuse(h, error, code, message);
}

/* ---- the request ---- */

static uint64_t handshake_ms(const struct oc_gateway *gw)
{
	const char *text = oc_env_get(gw->snapshot->config.env, "OPENCLAW_HANDSHAKE_TIMEOUT_MS");
	int64_t ms;

	return text && oc_parse_int(oc_str(text), 1, 3600000, &ms) ? (uint64_t)ms : OC_HELLO_MS;
}

static void send_challenge(struct oc_connection *c)
{
	json_t *event =
	    json_pack("{s:s, s:s, s:{s:s, s:I}}", "type", "event", "event", "connect.challenge",
		      "payload", "nonce", c->nonce, "ts", (json_int_t)oc_wall_ms());
	char *text = oc_json_compact(event);

	oc_ws_send(c->ws, oc_str(text));
	free(text);
	json_decref(event);
}

/* The first frame; false: there is none to answer, and the connection is closed. */
static bool receive_request(struct handshake *h)
{
	struct oc_connection *c = h->c;
	struct oc_ws_message m;
	enum oc_rc rc = oc_ws_receive_wait(c->ws, oc_deadline_in(handshake_ms(c->gw)), &m);

	if (rc) {
		if (rc == OC_E_TIMEOUT)
			oc_log(OC_LOG_WARN, "ws", "handshake timeout conn=%s remote=%s", c->id,
			       c->address);
		oc_connection_close(c, rc == OC_CANCELLED ? 1012 : 1000, "");
		return false;
	}
	h->frame = m.text ? oc_connection_parse_wait(m.bytes) : NULL;
	if (!h->frame) {
		oc_connection_close(c, 1000, "");
		return false;
	}
	struct oc_buf problems;
	oc_buf_init(&problems, 65536);
	bool ok = oc_frame_check(h->frame, &problems);
	oc_buf_deinit(&problems);
	if (!ok) oc_connection_close(c, 1008, "invalid request frame");
	return ok;
}

static bool check_params(struct handshake *h)
{
	static const char shape[] =
	    "minProtocol:int>=1, maxProtocol:int>=1,"
	    "client:{id:str min1 max200,"
	    " mode:(\"webchat\"|\"cli\"|\"ui\"|\"backend\"|\"node\"|\"worker\"|\"probe\"|\"test\"),"
	    " displayName?:str, version?:str, platform?:str, deviceFamily?:str, instanceId?:str,"
	    " ...},"
	    "caps?:str[], role?:str, scopes?:str[],"
	    "auth?:{token?:str, password?:str, deviceToken?:str, ...},"
	    "device?:{id:str min1, publicKey:str min1, signature:str min1, signedAt:int>=0,"
	    " nonce?:str, ...}, ...";
	struct oc_buf text;
	bool ok;

	if (strcmp(oc_json_cstr(h->frame, "method"), "connect") != 0)
		return refuse_text(h, 1008, "invalid handshake: first request must be connect");
	oc_buf_init(&text, 65536);
	oc_buf_adds(&text, "invalid connect params: ");
	h->params = json_object_get(h->frame, "params");
	ok = oc_shape_check(shape, h->params, &text) || refuse_text(h, 1008, oc_buf_cstr(&text));
	oc_buf_deinit(&text);
	return ok;
}

/* ---- rules that do not depend on who it is ---- */

static bool check_phase(struct handshake *h)
{
	enum oc_gateway_phase phase = h->c->gw->phase;
	bool starting = phase == OC_GATEWAY_STARTING;

	if (phase == OC_GATEWAY_READY) return true;
	return refuse(
	    h,
	    json_pack("{s:s, s:s, s:b, s:i, s:{s:s}}", "code", "UNAVAILABLE", "message",
		      starting ? "gateway starting; retry shortly" : "gateway is stopping",
		      "retryable", 1, "retryAfterMs", 500, "details", "reason",
		      starting ? "startup-sidecars" : "gateway-draining"),
	    starting ? 1013 : 1012, starting ? "gateway starting" : "service restart");
}

static bool check_version(struct handshake *h)
{
	int64_t min = oc_json_int(h->params, "minProtocol", 0);
	int64_t max = oc_json_int(h->params, "maxProtocol", 0);
	const char *mode = oc_json_cstr(json_object_get(h->params, "client"), "mode");

	if (oc_protocol_accepted(min, max, mode)) return true;
	return refuse(h,
		      json_pack("{s:s, s:s, s:{s:s, s:I, s:I, s:i, s:i}}", "code",
				"INVALID_REQUEST", "message", "protocol mismatch", "details",
				"code", "PROTOCOL_MISMATCH", "clientMinProtocol", (json_int_t)min,
				"clientMaxProtocol", (json_int_t)max, "expectedProtocol",
				OC_PROTOCOL, "minimumProbeProtocol", 3),
		      1002, "protocol mismatch");
}

static bool check_role(struct handshake *h)
{
	const char *role = oc_json_cstr(h->params, "role");

	return !role || !strcmp(role, "operator") || refuse_text(h, 1008, "invalid role");
}

static bool is_browser_client(const json_t *client)
{
	const char *id = oc_json_cstr(client, "id"), *mode = oc_json_cstr(client, "mode");

	return !strcmp(mode, "webchat") || !strcmp(id, "webchat-ui") ||
	       !strcmp(id, "openclaw-control-ui") || !strcmp(id, "openclaw-browser-copilot");
}

static bool check_origin(struct handshake *h)
{
	struct oc_connection *c = h->c;
	struct oc_strv allowed = { 0 };
	const char *why = NULL;

	if (!c->origin && !is_browser_client(json_object_get(h->params, "client"))) return true;
	oc_gateway_allowed_origins(c->gw, &allowed);
	why = oc_origin_refused(c->origin, c->host, &allowed);
	oc_strv_deinit(&allowed);
	if (!why) return true;
	return refuse(h,
		      json_pack("{s:s, s:s, s:{s:s, s:s}}", "code", "INVALID_REQUEST", "message",
				"origin not allowed (open the page from the gateway's own address, "
				"or list it in gateway.controlUi.allowedOrigins)",
				"details", "code", "CONTROL_UI_ORIGIN_NOT_ALLOWED", "reason", why),
		      1008, "origin not allowed");
}

/* ---- who it is ---- */

static bool is_limited(const struct oc_connection *c, const struct oc_auth_limit_config *config)
{
	return !(config->exempt_loopback && c->local && !c->origin);
}

static void collect_facts(struct handshake *h, const struct oc_auth_limit_config *limit)
{
	struct oc_connection *c = h->c;
	const json_t *client = json_object_get(h->params, "client");
	const json_t *auth = json_object_get(h->params, "auth");
	const json_t *device = json_object_get(h->params, "device");
	const json_t *scopes = json_object_get(h->params, "scopes");
	struct oc_auth_facts *f = &h->facts;

	*f = (struct oc_auth_facts){
		.mode = c->gw->auth_mode,
		.secret = c->gw->secret,
		.token = oc_json_cstr(auth, "token"),
		.password = oc_json_cstr(auth, "password"),
		.device_token = oc_json_cstr(auth, "deviceToken"),
		.client_id = oc_json_cstr(client, "id"),
		.client_mode = oc_json_cstr(client, "mode"),
		.local = c->local,
		.has_origin = c->origin != NULL,
		.has_device = device != NULL,
	};
	for (size_t i = 0; i < json_array_size(scopes); i++)
		oc_strv_add_once(&h->scopes, oc_json_text(json_array_get(scopes, i)));
	if (is_limited(c, limit))
		f->locked_ms = oc_auth_limit_locked(c->gw->limits, c->address, oc_now_ms());
	if (!device) return;
	f->fault = oc_device_proof(h->params, c->nonce, oc_wall_ms());
	f->device_check =
	    oc_devices_check(c->gw->devices, oc_json_cstr(device, "id"),
			     f->device_token && *f->device_token ? f->device_token : f->token,
			     scopes ? &h->scopes : NULL, NULL);
}

static bool authenticate(struct handshake *h)
{
	struct oc_connection *c = h->c;
	struct oc_auth_limit_config limit = oc_auth_limit_configured(&c->gw->snapshot->config);
	struct oc_buf reason;

	collect_facts(h, &limit);
	h->decision = oc_auth_decide(&h->facts);
	if (h->decision.verdict == OC_AUTH_OK) {
		if (is_limited(c, &limit)) oc_auth_limit_forget(c->gw->limits, c->address);
		return true;
	}
	if (h->decision.counts && is_limited(c, &limit))
		oc_auth_limit_fail(c->gw->limits, &limit, c->address, oc_now_ms());
	oc_buf_init(&reason, 1024);
	json_t *error = oc_auth_error(&h->facts, &h->decision, &reason);
	refuse(h, error, 1008, oc_buf_cstr(&reason));
	oc_buf_deinit(&reason);
	return false;
}

/* ---- pairing ---- */

static void tell_pair_request(struct oc_gateway *gw, const char *request_id)
{
	json_t *payload = oc_devices_pending(gw->devices, request_id);

	oc_broker_send(gw->broker, &(struct oc_event){ .name = "device.pair.requested",
						       .payload = payload,
						       .scope = OC_SCOPE_PAIRING });
	json_decref(payload);
}

static bool ask_for_pairing(struct handshake *h)
{
	struct oc_connection *c = h->c;
	const char *device = oc_json_cstr(json_object_get(h->params, "device"), "id");
	bool known = oc_devices_known(c->gw->devices, device), is_new;
	const char *request = oc_devices_ask(c->gw->devices, h->params, c->address, &is_new);
	const char *message = known ? "scope upgrade pending approval" : "device pairing required";
	json_t *error = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "code", "NOT_PAIRED",
				  "message", message, "details", "code", "PAIRING_REQUIRED",
				  "reason", known ? "scope-upgrade" : "not-paired", "requestId",
				  request, "deviceId", device, "remediationHint",
				  "Approve this device from the pending pairing requests.");

	if (is_new) tell_pair_request(c->gw, request);
	return refuse(h, error, 1008, message);
}

static bool fail_inside(struct handshake *h, const struct oc_err *e)
{
	oc_log(OC_LOG_ERROR, "gateway", "connect failed: %s", e->msg);
	return refuse(h,
		      json_pack("{s:s, s:s, s:b}", "code", "UNAVAILABLE", "message",
				"the gateway could not keep the device", "retryable", 1),
		      1011, "internal error");
}

/* Devices on this machine are taken in silently; others wait for somebody's word. */
static bool pair(struct handshake *h)
{
	struct oc_connection *c = h->c;
	const json_t *device = json_object_get(h->params, "device");
	const char *id = oc_json_cstr(device, "id");
	struct oc_devices *devices = c->gw->devices;
	struct oc_err e = { 0 };
	bool by_token = !strcmp(h->decision.method, "device-token");

	/* Who may do nothing needs nobody's approval. */
	if (!device || !h->decision.keep_scopes) return true;
	if (!oc_devices_approved(devices, id, &h->scopes)) {
		if (!c->local) return ask_for_pairing(h);
		if (oc_devices_pair_wait(devices, h->params, &e)) return fail_inside(h, &e);
	}
	c->device = oc_strdup(id);
	if (by_token) {
		const char *token = h->facts.device_token && *h->facts.device_token
					? h->facts.device_token
					: h->facts.token;
		if (!json_object_get(h->params, "scopes"))
			(void)oc_devices_check(devices, id, token, NULL, &h->scopes);
		return true; /* it has one that works */
	}
	if (oc_devices_issue_wait(devices, id, &h->scopes, h->token, &h->token_ms, &e))
		return fail_inside(h, &e);
	return true;
}

/* ---- hello-ok ---- */

static const char *const events[] = {
	"connect.challenge",
	"agent",
	"chat",
	"session.message",
	"session.tool",
	"sessions.changed",
	"presence",
	"tick",
	"shutdown",
	"health",
	"heartbeat",
	"cron",
	"config.changed",
	"device.pair.requested",
	"device.pair.resolved",
	"exec.approval.requested",
	"exec.approval.resolved",
};

static json_t *names(const struct oc_strv *l)
{
	json_t *out = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(out, oc_json_new_str(oc_str(l->v[i])));
	return out;
}

static json_t *features(size_t *n_methods)
{
	struct oc_strv methods = { 0 };
	json_t *list = json_array(), *out;

	oc_method_names(&methods);
	*n_methods = methods.n;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		json_array_append_new(list, json_string(events[i]));
	out = json_pack("{s:o, s:o, s:[s]}", "methods", names(&methods), "events", list,
			"capabilities", "published-model-catalog");
	oc_strv_deinit(&methods);
	return out;
}

static json_t *session_defaults(const struct oc_gateway *gw)
{
	struct oc_selection model; /* one that was discovered counts as well */
	bool has_model = oc_session_model(&gw->snapshot->catalog, NULL, &model);

	if (has_model) oc_selection_deinit(&model);
	return json_pack("{s:s, s:b, s:s, s:s, s:s}", "defaultAgentId", "main", "modelConfigured",
			 has_model, "mainKey", "main", "mainSessionKey", "agent:main:main", "scope",
			 "per-sender");
}

static json_t *snapshot_wait(struct handshake *h)
{
	static const char *const modes[] = { "token", "password", "none" };
	struct oc_gateway *gw = h->c->gw;
	json_t *health = oc_health_get_wait(gw->health);
	json_t *out = json_pack(
	    "{s:o, s:o, s:o, s:I, s:o}", "presence", oc_broker_presence(gw->broker), "health",
	    health, "stateVersion", oc_broker_state_version(gw->broker), "uptimeMs",
	    (json_int_t)(oc_now_ms() - gw->started_ms), "sessionDefaults", session_defaults(gw));

	if (!oc_scopes_allow(&h->scopes, OC_SCOPE_ADMIN)) return out;
	const struct oc_paths *p = &gw->snapshot->config.paths;
	oc_json_put(out, "configPath", oc_json_new_str(oc_str(p->config_path)));
	oc_json_put(out, "stateDir", oc_json_new_str(oc_str(p->state_dir)));
	json_object_set_new(out, "authMode", json_string(modes[gw->auth_mode]));
	return out;
}

static json_t *auth_part(const struct handshake *h)
{
	json_t *auth = json_pack("{s:s, s:s, s:o}", "method", h->decision.method, "role",
				 "operator", "scopes", names(&h->scopes));

	if (!*h->token) return auth;
	json_object_set_new(auth, "deviceToken", json_string(h->token));
	json_object_set_new(auth, "issuedAtMs", json_integer(h->token_ms));
	return auth;
}

static void take_client(struct handshake *h)
{
	struct oc_connection *c = h->c;
	const json_t *caps = json_object_get(h->params, "caps");

	c->client = json_incref(json_object_get(h->params, "client"));
	c->scopes = h->scopes;
	h->scopes = (struct oc_strv){ 0 };
	for (size_t i = 0; i < json_array_size(caps); i++)
		oc_strv_add_once(&c->caps, oc_json_text(json_array_get(caps, i)));
	c->auth_method = h->decision.method;
	c->tool_events = oc_connection_has_cap(c, "tool-events");
	c->session_scoped = oc_connection_has_cap(c, "session-scoped-events");
	c->delta_only = oc_connection_has_cap(c, "delta-only");
	c->rendered = oc_connection_has_cap(c, "rendered-blocks");
	c->greeted = true;
}

static void greet_wait(struct handshake *h)
{
	struct oc_gateway *gw = h->c->gw;
	json_t *snapshot = snapshot_wait(h);
	size_t n_methods;
	json_t *hello = json_pack(
	    "{s:s, s:i, s:{s:s, s:s, s:s}, s:o, s:o, s:o, s:{s:i, s:i, s:i, s:{s:i, s:i}}}", "type",
	    "hello-ok", "protocol", OC_PROTOCOL, "server", "version", gw->version, "connId",
	    h->c->id, "bootId", gw->boot_id, "features", features(&n_methods), "snapshot", snapshot,
	    "auth", auth_part(h), "policy", "maxPayload", OC_MAX_FRAME_BYTES, "maxBufferedBytes",
	    OC_MAX_CLIENT_BACKLOG, "tickIntervalMs", OC_TICK_MS, "attachments", "maxBytes",
	    OC_MAX_ATTACHMENT_BYTES, "maxImageBytes", OC_MAX_ATTACHED_IMAGE_BYTES);

	take_client(h);
	oc_connection_respond(h->c, h->id, hello);
	json_decref(hello);
	if (gw->verbose)
		oc_log(OC_LOG_INFO, "ws", "→ hello-ok methods=%zu events=%zu conn=%s", n_methods,
		       sizeof events / sizeof *events, h->c->id);
	oc_health_wanted(gw->health);
}

static void log_connect(const struct handshake *h)
{
	if (h->c->gw->verbose)
		oc_log(OC_LOG_INFO, "ws", "← connect client=%.80s mode=%s auth=%s conn=%s",
		       h->facts.client_id, h->facts.client_mode, h->decision.method, h->c->id);
}

bool oc_handshake_wait(struct oc_connection *c)
{
	struct handshake h = { .c = c };

	send_challenge(c);
	bool ok = receive_request(&h);
	if (ok) h.id = oc_json_cstr(h.frame, "id");
	ok = ok && check_params(&h) && check_phase(&h) && check_version(&h) && check_role(&h) &&
	     check_origin(&h) && authenticate(&h);
	if (ok && !h.decision.keep_scopes) {
		oc_strv_deinit(&h.scopes);
		h.scopes = (struct oc_strv){ 0 };
	}
	ok = ok && pair(&h);
	if (ok) log_connect(&h);
	if (ok) greet_wait(&h);
	oc_strv_deinit(&h.scopes);
	json_decref(h.frame);
	memset(h.token, 0, sizeof h.token);
	return ok && !c->closed;
}
