/* Where the gateway is and which secret it wants: options, environment, configuration (spec 02
 * §1.2). */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/gateway/rpc_client.h"
#include "net/url.h"
#include "rt/file.h"

enum { DEFAULT_PORT = 18789, MAX_TOKEN_FILE = 4096 };

/* ---- values of the configuration ---- */

/* A secret is a text, or a reference {source: "env", id}. Owned. */
static char *secret_at(const struct oc_config *c, const char *path)
{
	const json_t *v = oc_config_get(c, path);
	const char *text = json_is_string(v) ? json_string_value(v) : NULL;

	if (json_is_object(v) && c->env && oc_str_eq(oc_json_str(v, "source"), OC_LIT("env")) &&
	    oc_json_cstr(v, "id"))
		text = oc_env_get(c->env, oc_json_cstr(v, "id"));
	return text && *text ? oc_strdup(text) : NULL;
}

static const char *env(const struct oc_config *c, const char *name)
{
	return c->env ? oc_env_get(c->env, name) : NULL;
}

static bool wants_password(const struct oc_config *c)
{
	const json_t *mode = oc_config_get(c, "gateway.auth.mode");

	return json_is_string(mode) && !strcmp(json_string_value(mode), "password");
}

/* D57: a gateway in a container made one for itself. */
static char *kept_token(const struct oc_config *c)
{
	char *path = oc_asprintf("%s/gateway.token", c->paths.state_dir), *token = NULL;
	struct oc_buf text;

	if (oc_file_read(path, MAX_TOKEN_FILE, &text, NULL) == OC_OK) {
		struct oc_str s = oc_str_trim(oc_buf_view(&text));
		if (s.n) token = oc_strndup(s.p, s.n);
		memset(text.p, 0, text.n);
		oc_buf_deinit(&text);
	}
	free(path);
	return token;
}

char *oc_rpc_configured_secret(const struct oc_config *c, bool *password, const char **from)
{
	static const struct {
		const char *variable, *path;
	} places[] = { { "OPENCLAW_GATEWAY_TOKEN", "gateway.auth.token" },
		       { "OPENCLAW_GATEWAY_PASSWORD", "gateway.auth.password" } };
	bool first = wants_password(c);

	for (size_t i = 0; i < 2; i++) {
		size_t at = first ? 1 - i : i;
		const char *v = env(c, places[at].variable);
		char *secret = v ? oc_strdup(v) : secret_at(c, places[at].path);

		if (!secret) continue;
		*password = at == 1;
		if (from) *from = v ? places[at].variable : places[at].path;
		return secret;
	}
	*password = false;
	if (from) *from = "gateway.token of the state folder";
	return kept_token(c);
}

int64_t oc_rpc_configured_port(const struct oc_config *c, const char **from)
{
	const char *text = env(c, "OPENCLAW_GATEWAY_PORT");
	int64_t port;

	if (text && oc_parse_int(oc_str_trim(oc_str(text)), 1, 65535, &port)) {
		if (from) *from = "OPENCLAW_GATEWAY_PORT";
		return port;
	}
	port = oc_json_positive(oc_config_get(c, "gateway"), "port");
	if (from) *from = port ? "gateway.port" : "the default";
	return port ? port : DEFAULT_PORT;
}

/* ---- the address ---- */

static enum oc_rc set_port(struct oc_rpc_target *t, int64_t port)
{
	t->url = oc_asprintf("ws://127.0.0.1:%lld", (long long)port);
	t->http = oc_asprintf("http://127.0.0.1:%lld", (long long)port);
	t->local = true;
	return OC_OK;
}

/* ws and http name the same place. */
static enum oc_rc set_url(struct oc_rpc_target *t, const char *typed, struct oc_err *e)
{
	struct oc_str s = oc_str_trim(oc_str(typed));
	bool ws = oc_str_istarts(s, OC_LIT("ws://")) || oc_str_istarts(s, OC_LIT("wss://"));
	char *http = ws ? oc_asprintf("http%.*s", OC_FMT(oc_str_from(s, 2))) : oc_strndup(s.p, s.n);
	struct oc_url u;

	if (oc_url_parse(oc_str(http), &u, e)) {
		free(http);
		return oc_fail(e, OC_E_INPUT,
			       "%s \"%.200s\" is no address of a gateway: use ws://host:port",
			       t->url_from, typed);
	}
	if (u.https) {
		oc_fail(
		    e, OC_E_INPUT,
		    "%s: a gateway behind TLS cannot be reached directly yet. Open a tunnel, ssh -N -L "
		    "18790:127.0.0.1:18789 %.80s, and use ws://127.0.0.1:18790",
		    t->url_from, u.host);
		oc_url_deinit(&u);
		free(http);
		return OC_E_INPUT;
	}
	t->http = oc_url_origin(&u);
	t->url = oc_asprintf("ws%s%s", t->http + 4, strcmp(u.path, "/") ? u.path : "");
	oc_url_deinit(&u);
	free(http);
	return OC_OK;
}

static enum oc_rc set_address(struct oc_rpc_target *t, const struct oc_args *a,
			      const struct oc_config *c, struct oc_err *e)
{
	const char *url = oc_args_get(a, "--url"), *port_text = oc_args_get(a, "--port");
	const json_t *mode = oc_config_get(c, "gateway.mode");
	const json_t *remote = oc_config_get(c, "gateway.remote.url");
	int64_t port;

	if (url) {
		t->url_from = "--url";
		return set_url(t, url, e);
	}
	if (port_text) {
		t->url_from = "--port";
		if (!oc_parse_int(oc_str(port_text), 1, 65535, &port))
			return oc_fail(e, OC_E_INPUT,
				       "--port \"%.20s\": use a number from 1 to 65535", port_text);
		return set_port(t, port);
	}
	if (json_is_string(mode) && !strcmp(json_string_value(mode), "remote") &&
	    json_is_string(remote) && !env(c, "OPENCLAW_GATEWAY_PORT")) {
		t->url_from = "gateway.remote.url";
		return set_url(t, json_string_value(remote), e);
	}
	return set_port(t, oc_rpc_configured_port(c, &t->url_from));
}

/* ---- the secret ---- */

static bool take_option(struct oc_rpc_target *t, const struct oc_args *a, const char *option)
{
	const char *v = oc_args_get(a, option);

	if (!v || !*v) return false;
	t->secret = oc_strdup(v);
	t->secret_from = option;
	t->password = !strcmp(option, "--password");
	return true;
}

static void take_remote(struct oc_rpc_target *t, const struct oc_config *c)
{
	t->secret = secret_at(c, "gateway.remote.token");
	t->secret_from = "gateway.remote.token";
	if (t->secret) return;
	t->secret = secret_at(c, "gateway.remote.password");
	t->secret_from = t->secret ? "gateway.remote.password" : NULL;
	t->password = t->secret != NULL;
}

/* What was typed as --url may be our own gateway spelt out. */
static bool is_own(const struct oc_rpc_target *t, const struct oc_config *c)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
	int64_t port = oc_rpc_configured_port(c, NULL);
	bool own = t->local;

	for (size_t i = 0; !own && i < sizeof hosts / sizeof *hosts; i++) {
		char *origin = oc_asprintf("http://%s:%lld", hosts[i], (long long)port);
		own = !strcmp(origin, t->http);
		free(origin);
	}
	return own;
}

static void set_secret(struct oc_rpc_target *t, const struct oc_args *a, const struct oc_config *c)
{
	if (take_option(t, a, "--token") || take_option(t, a, "--password")) return;
	if (!strcmp(t->url_from, "gateway.remote.url"))
		take_remote(t, c);
	else if (is_own(t, c))
		t->secret = oc_rpc_configured_secret(c, &t->password, &t->secret_from);
	if (!t->secret) t->secret_from = NULL;
}

enum oc_rc oc_rpc_target_init(struct oc_rpc_target *t, const struct oc_args *a,
			      const struct oc_config *c, struct oc_err *e)
{
	enum oc_rc rc;

	*t = (struct oc_rpc_target){ .state_dir = oc_strdup(c->paths.state_dir) };
	rc = set_address(t, a, c, e);
	if (!rc) set_secret(t, a, c);
	return rc;
}

void oc_rpc_target_deinit(struct oc_rpc_target *t)
{
	free(t->url);
	free(t->http);
	oc_free_secret(t->secret);
	free(t->state_dir);
	*t = (struct oc_rpc_target){ 0 };
}
