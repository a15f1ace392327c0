/* The parts of the config that onboarding writes beside the provider: gateway, agents, meta (spec
 * 02 §6, D73). */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/version.h"
#include "cli/gateway/rpc_client.h"
#include "cli/setup/onboard.h"
#include "gateway/process/lock.h"
#include "net/base64.h"

enum { DEFAULT_PORT = 18789, TOKEN_CHARS = 48, HEALTH_TIMEOUT_MS = 3000 };

json_t *oc_onboard_object(json_t *parent, const char *key)
{
	json_t *o = json_object_get(parent, key);

	if (json_is_object(o)) return o;
	o = json_object();
	oc_json_put(parent, key, o);
	return o;
}

/* ---- options ---- */

static enum oc_rc one_of(const struct oc_onboard *o, const char *option, const char *const *allowed,
			 struct oc_err *e)
{
	const char *v = oc_args_get(o->args, option);
	struct oc_strv names = { 0 };

	for (size_t i = 0; allowed[i]; i++) {
		if (!v || !strcmp(v, allowed[i])) {
			oc_strv_deinit(&names);
			return OC_OK;
		}
		oc_strv_add(&names, oc_str(allowed[i]));
	}
	char *list = oc_strv_join(&names, ", ");
	oc_fail(e, OC_E_INPUT, "%s \"%.40s\": use one of %s", option, v, list);
	free(list);
	oc_strv_deinit(&names);
	return OC_E_INPUT;
}

static enum oc_rc check_port(const struct oc_onboard *o, struct oc_err *e)
{
	const char *v = oc_args_get(o->args, "--gateway-port");
	int64_t port;

	if (!v || oc_parse_int(oc_str(v), 1, 65535, &port)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "--gateway-port \"%.20s\": use a number from 1 to 65535", v);
}

static const char *given(const struct oc_onboard *o, const char *option)
{
	const char *v = oc_args_get(o->args, option);

	return v && *v ? v : NULL;
}

static enum oc_rc check_password(const struct oc_onboard *o, struct oc_err *e)
{
	const char *mode = given(o, "--gateway-auth");
	const json_t *auth = json_object_get(json_object_get(o->config->value, "gateway"), "auth");

	if (!mode || strcmp(mode, "password") != 0) return OC_OK;
	if (given(o, "--gateway-password") || oc_json_cstr(auth, "password")) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "--gateway-auth password needs --gateway-password");
}

enum oc_rc oc_onboard_check_gateway(const struct oc_onboard *o, struct oc_err *e)
{
	static const char *const binds[] = { "loopback", "lan", "tailnet", "auto", "custom", NULL };
	static const char *const auths[] = { "token", "password", "none", "trusted-proxy", NULL };
	static const char *const tailscale[] = { "off", "serve", "funnel", NULL };
	enum oc_rc rc = check_port(o, e);

	if (!rc) rc = one_of(o, "--gateway-bind", binds, e);
	if (!rc) rc = one_of(o, "--gateway-auth", auths, e);
	if (!rc) rc = one_of(o, "--tailscale", tailscale, e);
	if (!rc) rc = check_password(o, e);
	return rc;
}

/* ---- writing ---- */

/* What an option says, else what stands there, else dflt. */
static void put_text(json_t *obj, const char *key, const char *option, const char *dflt)
{
	if (!option && json_object_get(obj, key)) return;
	oc_json_put(obj, key, oc_json_new_str(oc_str(option ? option : dflt)));
}

static void put_auth(const struct oc_onboard *o, json_t *gateway)
{
	json_t *auth = oc_onboard_object(gateway, "auth");
	const char *token = given(o, "--gateway-token"), *mode;
	uint8_t secret[TOKEN_CHARS / 2];
	char made[TOKEN_CHARS + 1];

	put_text(auth, "mode", given(o, "--gateway-auth"), "token");
	mode = oc_json_cstr(auth, "mode");
	if (given(o, "--gateway-password"))
		put_text(auth, "password", given(o, "--gateway-password"), "");
	if (!token && mode && strcmp(mode, "token") != 0) return;
	oc_rand_secret(secret, sizeof secret);
	oc_base16_encode((struct oc_str){ (const char *)secret, sizeof secret }, made);
	put_text(auth, "token", token, made);
}

void oc_onboard_put_gateway(const struct oc_onboard *o, json_t *raw)
{
	json_t *gateway = oc_onboard_object(raw, "gateway");
	const char *port_text = given(o, "--gateway-port");
	int64_t port = DEFAULT_PORT;

	put_text(gateway, "mode", NULL, "local");
	if (port_text && !oc_parse_int(oc_str(port_text), 1, 65535, &port)) return;
	if (port_text || !json_object_get(gateway, "port"))
		oc_json_put(gateway, "port", json_integer(port));
	put_text(gateway, "bind", given(o, "--gateway-bind"), "loopback");
	put_auth(o, gateway);
	put_text(oc_onboard_object(gateway, "tailscale"), "mode", given(o, "--tailscale"), "off");
}

char *oc_onboard_workspace(const struct oc_onboard *o)
{
	const json_t *agents = json_object_get(o->config->value, "agents");
	const char *known = oc_json_cstr(json_object_get(agents, "defaults"), "workspace");
	const char *typed = given(o, "--workspace");

	if (typed && typed[0] == '~' && (typed[1] == '/' || !typed[1]))
		return oc_asprintf("%s%s", o->config->paths.home, typed + 1);
	if (typed && typed[0] != '/') {
		char *here = realpath(".", NULL);
		char *full = oc_asprintf("%s/%s", here ? here : ".", typed);
		free(here);
		return full;
	}
	if (typed || known) return oc_strdup(typed ? typed : known);
	return oc_asprintf("%s/workspace", o->config->paths.state_dir);
}

void oc_onboard_put_agents(const struct oc_onboard *o, json_t *raw)
{
	json_t *agents = oc_onboard_object(raw, "agents");
	json_t *defaults = oc_onboard_object(agents, "defaults"), *entries, *main_entry;
	char *workspace = oc_onboard_workspace(o);
	const char *typed = given(o, "--workspace");

	put_text(defaults, "workspace", typed ? workspace : NULL, workspace);
	if (!json_object_get(agents, "list")) { /* the older form of the same thing */
		entries = oc_onboard_object(agents, "entries");
		main_entry = oc_onboard_object(entries, "main");
		put_text(main_entry, "name", NULL, "main");
		put_text(main_entry, "workspace", typed ? workspace : NULL, workspace);
		put_text(main_entry, "agentDir", NULL, o->config->paths.agent_dir);
		put_text(oc_onboard_object(main_entry, "identity"), "name", NULL, "OpenClaw");
	}
	free(workspace);
}

void oc_onboard_put_meta(json_t *raw)
{
	struct oc_str version = oc_str(oc_version_text());

	version = oc_str_head(version, oc_str_find(version, OC_LIT(" "), 0));
	oc_json_put(oc_onboard_object(raw, "meta"), "lastTouchedVersion", oc_json_new_str(version));
}

json_t *oc_onboard_gateway_summary(const json_t *config)
{
	const json_t *gateway = json_object_get(config, "gateway");
	const char *bind = oc_json_cstr(gateway, "bind");
	const char *auth = oc_json_cstr(json_object_get(gateway, "auth"), "mode");
	const char *tailscale = oc_json_cstr(json_object_get(gateway, "tailscale"), "mode");
	json_t *s = json_object();

	oc_json_put(s, "port", json_integer(oc_json_int(gateway, "port", DEFAULT_PORT)));
	oc_json_put(s, "bind", json_string(bind ? bind : "loopback"));
	oc_json_put(s, "authMode", json_string(auth ? auth : "token"));
	oc_json_put(s, "tailscaleMode", json_string(tailscale ? tailscale : "off"));
	return s;
}

/* ---- is one running? ---- */

/* OC_E_UPSTREAM: none; OC_E_DENIED: one that wants another secret. */
static enum oc_rc health_wait(const struct oc_onboard *o, const struct oc_config *now, bool *well,
			      struct oc_err *e)
{
	static const struct oc_rpc_hello hello = { 0 };
	struct oc_deadline d = oc_deadline_in(HEALTH_TIMEOUT_MS);
	struct oc_rpc_target t;
	struct oc_rpc_client *client = NULL;
	json_t *health = NULL;
	enum oc_rc rc = oc_rpc_target_init(&t, o->args, now, e);

	if (!rc) rc = oc_rpc_connect_wait(&t, &hello, d, &client, e);
	if (!rc) rc = oc_rpc_call_wait(client, "health", NULL, false, d, &health, NULL, e);
	*well = oc_json_bool(health, "ok", false);
	json_decref(health);
	oc_rpc_close_wait(client);
	oc_rpc_target_deinit(&t);
	return rc;
}

enum oc_rc oc_onboard_report_gateway_wait(const struct oc_onboard *o, const struct oc_config *now)
{
	long long port = (long long)oc_rpc_configured_port(now, NULL);
	struct oc_gateway_owner owner;
	struct oc_err e = { 0 };
	bool well = false;

	if (oc_args_has(o->args, "--skip-health")) return OC_OK;
	enum oc_rc rc = health_wait(o, now, &well, &e);
	if (rc == OC_CANCELLED) return rc;
	if (!rc)
		fprintf(o->out, "Gateway: running on port %lld, %s. Talk: openclaw chat\n", port,
			well ? "healthy" : "but not well (openclaw logs)");
	else if (rc == OC_E_DENIED || oc_gateway_owner(now->paths.state_dir, &owner))
		fprintf(o->out, "Gateway: running, and about to restart with the new settings "
				"(openclaw gateway status).\n");
	else
		fprintf(o->out, "Gateway: not running. %s\n", oc_rpc_start_hint);
	return OC_OK;
}
