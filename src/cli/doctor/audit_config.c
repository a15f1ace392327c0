/* What the configuration opens, one function a topic. */
#include <stdio.h>

#include "cli/doctor/audit.h"
#include "gateway/process/settings.h"
#include "net/client/guard.h"

enum { SHORT_SECRET = 24 };

/* ---- reading ---- */

static const char *text_at(const struct oc_audit *a, const char *path)
{
	const json_t *v = oc_config_get(a->config, path);

	return json_is_string(v) ? json_string_value(v) : NULL;
}

static bool is(const char *value, const char *name)
{
	return value && !strcmp(value, name);
}

static bool on(const struct oc_audit *a, const char *path, bool dflt)
{
	const json_t *v = oc_config_get(a->config, path);

	return json_is_boolean(v) ? json_is_true(v) : dflt;
}

static const char *bind_of(const struct oc_audit *a)
{
	const char *bind = text_at(a, "gateway.bind");

	return bind ? bind : oc_in_container() ? "auto" : "loopback";
}

static bool bound_to_loopback(const struct oc_audit *a)
{
	return is(bind_of(a), "loopback");
}

/* As authored: a ${VAR} or a reference is no secret in the file. */
static bool is_literal(const struct oc_audit *a, const char *section, const char *key)
{
	struct oc_str s =
	    oc_json_str(json_object_get(json_object_get(a->config->raw, "gateway"), section), key);

	return s.n && !oc_str_has(s, OC_LIT("${"));
}

/* ---- the gateway ---- */

static void audit_auth(struct oc_audit *a)
{
	const char *mode = text_at(a, "gateway.auth.mode");
	bool local = bound_to_loopback(a);

	if (is(mode, "none"))
		oc_audit_find(a, local ? "gateway.loopback_no_auth" : "gateway.bind_no_auth",
			      local ? OC_AUDIT_WARN : OC_AUDIT_CRITICAL,
			      local ? "Every program of this machine can use the gateway"
				    : "The gateway asks nobody for a secret",
			      "set gateway.auth.mode to token",
			      "gateway.auth.mode is none, gateway.bind is %s", bind_of(a));
}

static void audit_secret(struct oc_audit *a, const char *key)
{
	char path[64];

	snprintf(path, sizeof path, "gateway.auth.%s", key);
	const char *secret = text_at(a, path);
	if (!secret) return;
	if (strlen(secret) < SHORT_SECRET)
		oc_audit_find(a, "gateway.token_too_short",
			      bound_to_loopback(a) ? OC_AUDIT_WARN : OC_AUDIT_CRITICAL,
			      "The gateway's secret is short",
			      "openclaw doctor --generate-gateway-token, after removing it",
			      "%s has %zu characters; %d or more are advised", path, strlen(secret),
			      SHORT_SECRET);
	if (is_literal(a, "auth", key))
		oc_audit_find(
		    a, "gateway.secret_in_config", OC_AUDIT_INFO,
		    "The gateway's secret stands in the configuration",
		    "keep it in OPENCLAW_GATEWAY_TOKEN and write ${OPENCLAW_GATEWAY_TOKEN}",
		    "%s is readable by whoever reads the file", path);
}

static void audit_bind(struct oc_audit *a)
{
	if (bound_to_loopback(a)) return;
	oc_audit_find(a, "gateway.bind_non_loopback", OC_AUDIT_WARN,
		      "The gateway can be reached from the network",
		      "use loopback and a tunnel (ssh -L), or a firewall",
		      "gateway.bind is %s; connections are not encrypted", bind_of(a));
	if (on(a, "gateway.http.endpoints.chatCompletions.enabled", false) ||
	    on(a, "gateway.http.endpoints.responses.enabled", false))
		oc_audit_find(a, "gateway.http_exposed", OC_AUDIT_WARN,
			      "The HTTP API can be reached from the network",
			      "switch gateway.http.endpoints off where nobody needs them",
			      "whoever has the token can run the agent and its tools");
}

static void audit_origins(struct oc_audit *a)
{
	const json_t *list = oc_config_get(a->config, "gateway.controlUi.allowedOrigins"), *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (is(json_string_value(v), "*"))
			oc_audit_find(a, "gateway.control_ui.allowed_origins_wildcard",
				      OC_AUDIT_CRITICAL, "Every web page may talk to the gateway",
				      "list the origins that need it",
				      "gateway.controlUi.allowedOrigins contains \"*\"");
}

/* ---- tools ---- */

/* Strangers' texts get to the model: by a channel, a hook or a page. */
static const char *untrusted_source(const struct oc_audit *a)
{
	if (on(a, "hooks.enabled", false)) return "hooks";
	if (is(text_at(a, "channels.telegram.dmPolicy"), "open")) return "an open channel";
	if (json_is_object(oc_config_get(a->config, "channels.telegram"))) return "a channel";
	const char *web = oc_audit_web_source(a);
	return web ? web : oc_audit_mcp_source(a);
}

static void audit_exec(struct oc_audit *a)
{
	const char *source = untrusted_source(a);

	if (!is(text_at(a, "tools.exec.mode"), "full")) return;
	oc_audit_find(a, "tools.exec.full", source ? OC_AUDIT_CRITICAL : OC_AUDIT_WARN,
		      "The model runs commands without sandbox and without a question",
		      "set tools.exec.mode to auto or ask", "tools.exec.mode is full%s%s",
		      source ? ", and foreign text comes from " : "", source ? source : "");
}

static void audit_hooks(struct oc_audit *a)
{
	const char *token = text_at(a, "hooks.token");

	if (!on(a, "hooks.enabled", false)) return;
	if (!token)
		oc_audit_find(a, "hooks.no_token", OC_AUDIT_CRITICAL, "Hooks have no token",
			      "set hooks.token", "hooks.enabled is true without hooks.token");
	else if (is(text_at(a, "gateway.auth.token"), token))
		oc_audit_find(
		    a, "hooks.token_reused", OC_AUDIT_WARN, "Hooks use the gateway's own token",
		    "give hooks a token of their own", "whoever may call a hook may do everything");
	else if (strlen(token) < SHORT_SECRET)
		oc_audit_find(a, "hooks.token_too_short", OC_AUDIT_WARN,
			      "The token of hooks is short", "use a longer one",
			      "hooks.token has %zu characters", strlen(token));
}

static void audit_channels(struct oc_audit *a)
{
	if (!is(text_at(a, "channels.telegram.dmPolicy"), "open")) return;
	oc_audit_find(a, "channels.dm_open", OC_AUDIT_WARN, "Anybody may write to the agent",
		      "set channels.telegram.dmPolicy to pairing",
		      "channels.telegram.dmPolicy is open");
	if (!text_at(a, "session.dmScope") || is(text_at(a, "session.dmScope"), "main"))
		oc_audit_find(a, "session.shared_main", OC_AUDIT_WARN,
			      "Several senders share one conversation",
			      "set session.dmScope to per-peer",
			      "what one of them writes, the others' answers know");
}

/* ---- providers ---- */

static void audit_provider(struct oc_audit *a, const char *id, const json_t *p)
{
	const char *base = oc_json_cstr(p, "baseUrl");
	const json_t *request = json_object_get(p, "request");
	struct oc_str key = oc_json_str(
	    json_object_get(json_object_get(json_object_get(a->config->raw, "models"), "providers"),
			    id),
	    "apiKey");
	struct oc_url u;
	struct oc_err e = { 0 };

	if (base && oc_url_parse(oc_str(base), &u, &e) == OC_OK) {
		if (!u.https && !oc_host_is_local(&u))
			oc_audit_find(a, "models.plain_http",
				      key.n ? OC_AUDIT_CRITICAL : OC_AUDIT_WARN,
				      "Prompts go over the internet unencrypted", "use https",
				      "models.providers.%s.baseUrl is http to %s", id, u.host);
		oc_url_deinit(&u);
	}
	if (oc_json_bool(json_object_get(request, "tls"), "insecureSkipVerify", false))
		oc_audit_find(a, "models.tls_unchecked", OC_AUDIT_WARN,
			      "A server's certificate is not checked",
			      "name its authority in request.tls.ca",
			      "models.providers.%s.request.tls.insecureSkipVerify is true", id);
	if (oc_json_bool(request, "allowPrivateNetwork", false))
		oc_audit_find(a, "models.private_network", OC_AUDIT_INFO,
			      "A provider may reach every private address",
			      "leave it out: the configured address is trusted anyway",
			      "models.providers.%s.request.allowPrivateNetwork is true", id);
	if (oc_str_starts(key, OC_LIT("sk-")))
		oc_audit_find(a, "models.key_in_config", OC_AUDIT_INFO,
			      "An API key stands in the configuration",
			      "openclaw models auth paste-api-key keeps it in a file of its own",
			      "models.providers.%s.apiKey", id);
}

static void audit_providers(struct oc_audit *a)
{
	json_t *p;
	const char *id;

	json_object_foreach (oc_config_get(a->config, "models.providers"), id, p)
		audit_provider(a, id, p);
}

static void audit_mcp(struct oc_audit *a)
{
	json_t *server;
	const char *id;

	json_object_foreach (oc_config_get(a->config, "mcp.servers"), id, server) {
		const char *url = oc_json_cstr(server, "url");
		struct oc_url u;
		struct oc_err e = { 0 };
		if (!url || oc_url_parse(oc_str(url), &u, &e) != OC_OK) continue;
		if (!oc_host_is_local(&u))
			oc_audit_find(a, "mcp.network_server",
				      u.https ? OC_AUDIT_INFO : OC_AUDIT_WARN,
				      "A tool server is on the network",
				      "use those alone whose maker you trust",
				      "mcp.servers.%s is %s", id, u.host);
		oc_url_deinit(&u);
	}
}

void oc_audit_config(struct oc_audit *a)
{
	static void (*const rules[])(struct oc_audit *) = {
		audit_auth,	audit_bind,	 audit_origins, audit_exec,	audit_hooks,
		audit_channels, audit_providers, audit_mcp,	oc_audit_tools,
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) rules[i](a);
	audit_secret(a, "token");
	audit_secret(a, "password");
}
