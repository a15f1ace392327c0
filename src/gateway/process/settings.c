/* Resolution of what may be said in three places. */
#include "gateway/process/settings.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/ip.h"
#include "rt/file.h"

enum { MAX_SECRET_FILE = 4096 };

static const char *text_at(const struct oc_config *c, const char *path)
{
	const json_t *v = oc_config_get(c, path);
	const char *s = json_string_value(v);

	return s && *s ? s : NULL;
}

/* ---- what is not there ---- */

static enum oc_rc check_supported(const struct oc_gateway_options *o, const struct oc_config *c,
				  struct oc_err *e)
{
	const char *tailscale = o->tailscale ? o->tailscale : text_at(c, "gateway.tailscale.mode");

	if (tailscale && strcmp(tailscale, "off") != 0)
		return oc_fail(e, OC_E_INPUT,
			       "--tailscale %s is not supported: use --tailscale off and run "
			       "`tailscale serve` beside the gateway",
			       tailscale);
	if (json_is_true(oc_config_get(c, "gateway.tls.enabled")))
		return oc_fail(
		    e, OC_E_INPUT,
		    "gateway.tls is not supported: set gateway.tls.enabled=false and put "
		    "a reverse proxy with TLS in front of the gateway");
	return OC_OK;
}

static enum oc_rc check_mode(const struct oc_gateway_options *o, const struct oc_config *c,
			     struct oc_err *e)
{
	const char *mode = text_at(c, "gateway.mode");

	if (o->allow_unconfigured || (mode && !strcmp(mode, "local"))) return OC_OK;
	if (!c->exists)
		return oc_fail(e, OC_E_INPUT,
			       "there is no configuration: run `openclaw onboard` (or set "
			       "gateway.mode=local), or pass --allow-unconfigured");
	return oc_fail(e, OC_E_INPUT,
		       "gateway.mode is %s: run `openclaw config set gateway.mode local`, or pass "
		       "--allow-unconfigured",
		       mode ? mode : "not set");
}

/* ---- port and addresses ---- */

static enum oc_rc resolve_port(struct oc_gateway_settings *s, const struct oc_gateway_options *o,
			       const struct oc_config *c, struct oc_err *e)
{
	const char *env = oc_env_get(c->env, "OPENCLAW_GATEWAY_PORT");
	const char *text = o->port ? o->port : env;
	int64_t port = oc_json_int(oc_config_get(c, "gateway"), "port", OC_DEFAULT_PORT);

	if (text && !oc_parse_int(oc_str(text), 1, 65535, &port))
		return oc_fail(e, OC_E_INPUT, "%s \"%.20s\": use a number from 1 to 65535",
			       o->port ? "--port" : "OPENCLAW_GATEWAY_PORT", text);
	if (port < 1 || port > 65535)
		return oc_fail(e, OC_E_INPUT, "gateway.port: use a number from 1 to 65535");
	s->port = (unsigned)port;
	return OC_OK;
}

static void add_addresses(struct oc_gateway_settings *s, const char *first, const char *second)
{
	oc_strv_add_once(&s->addresses, oc_str(first));
	if (second) oc_strv_add_once(&s->addresses, oc_str(second));
}

static enum oc_rc resolve_custom(struct oc_gateway_settings *s, const struct oc_config *c,
				 struct oc_err *e)
{
	const char *host = text_at(c, "gateway.customBindHost");
	struct oc_ip ip;

	if (!host || !oc_ip_parse(oc_str(host), &ip) || ip.v6)
		return oc_fail(e, OC_E_INPUT,
			       "bind custom needs gateway.customBindHost, an IPv4 address of this "
			       "machine");
	s->loopback = oc_ip_is_loopback(&ip) && ip.b[0] == 127;
	/* 0.0.0.0 has 127.0.0.1 already. */
	add_addresses(s, host, ip.b[0] ? "127.0.0.1" : NULL);
	return OC_OK;
}

static enum oc_rc resolve_bind(struct oc_gateway_settings *s, const struct oc_gateway_options *o,
			       const struct oc_config *c, bool container, struct oc_err *e)
{
	const char *bind = o->bind ? o->bind : text_at(c, "gateway.bind");

	if (!bind) bind = container ? "auto" : "loopback";
	if (!strcmp(bind, "custom")) return resolve_custom(s, c, e);
	if (!strcmp(bind, "tailnet"))
		return oc_fail(e, OC_E_INPUT,
			       "bind tailnet is not supported: use bind custom with "
			       "gateway.customBindHost set to the tailnet address");
	if (!strcmp(bind, "lan") || (!strcmp(bind, "auto") && container)) {
		add_addresses(s, "0.0.0.0", NULL);
		return OC_OK;
	}
	if (strcmp(bind, "loopback") != 0 && strcmp(bind, "auto") != 0)
		return oc_fail(e, OC_E_INPUT, "--bind \"%.40s\": use loopback, lan, auto or custom",
			       bind);
	s->loopback = true;
	add_addresses(s, "127.0.0.1", "::1");
	return OC_OK;
}

/* ---- the secret ---- */

/* A string, or {"source":"env","id":"NAME"}. Owned; NULL = none. */
static char *configured(const struct oc_config *c, const char *path, struct oc_err *e)
{
	const json_t *v = oc_config_get(c, path);
	const char *source = oc_json_cstr(v, "source"), *id = oc_json_cstr(v, "id");

	if (json_is_string(v))
		return *json_string_value(v) ? oc_strdup(json_string_value(v)) : NULL;
	if (!json_is_object(v)) return NULL;
	const char *value = id && source && !strcmp(source, "env") ? oc_env_get(c->env, id) : NULL;
	if (!value)
		oc_fail(e, OC_E_INPUT, "%s: the reference to a secret cannot be resolved (%s %s)",
			path, source ? source : "?", id ? id : "?");
	return value ? oc_strdup(value) : NULL;
}

static char *secret_of(const char *flag, const struct oc_config *c, const char *variable,
		       const char *path, struct oc_err *e)
{
	const char *env = oc_env_get(c->env, variable);

	if (flag && *flag) return oc_strdup(flag);
	if (env) return oc_strdup(env);
	return configured(c, path, e);
}

static enum oc_rc read_password(const char *path, char **out, struct oc_err *e)
{
	struct oc_buf text;
	enum oc_rc rc = oc_file_read(path, MAX_SECRET_FILE, &text, e);

	if (rc) return oc_wrap(e, "--password-file");
	struct oc_str s = oc_str_trim(oc_buf_view(&text));
	*out = oc_strndup(s.p ? s.p : "", s.n);
	oc_buf_deinit(&text);
	return s.n ? OC_OK : oc_fail(e, OC_E_INPUT, "--password-file %s is empty", path);
}

struct secrets {
	char *token, *password;
};

static enum oc_rc collect(struct secrets *x, const struct oc_gateway_options *o,
			  const struct oc_config *c, struct oc_err *e)
{
	struct oc_err unresolved = { 0 };

	if (o->password_file && !o->password) {
		enum oc_rc rc = read_password(o->password_file, &x->password, e);
		if (rc) return rc;
	}
	x->token =
	    secret_of(o->token, c, "OPENCLAW_GATEWAY_TOKEN", "gateway.auth.token", &unresolved);
	if (!x->password)
		x->password = secret_of(o->password, c, "OPENCLAW_GATEWAY_PASSWORD",
					"gateway.auth.password", &unresolved);
	if (!unresolved.rc) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "%s", unresolved.msg);
}

/* What was asked for; else what there is a secret for. */
static const char *mode_name(const struct secrets *x, const struct oc_gateway_options *o,
			     const struct oc_config *c)
{
	const char *set = text_at(c, "gateway.auth.mode");

	if (o->auth) return o->auth;
	if (o->token && *o->token) return "token";
	if (o->password || o->password_file) return "password";
	if (set) return set;
	return x->password && !x->token ? "password" : "token";
}

static enum oc_rc no_secret(struct oc_gateway_settings *s, bool container, struct oc_err *e)
{
	if (s->mode == OC_AUTH_PASSWORD)
		return oc_fail(e, OC_E_INPUT,
			       "auth mode password needs one: set gateway.auth.password, "
			       "OPENCLAW_GATEWAY_PASSWORD or --password");
	if (!s->loopback && !container)
		return oc_fail(e, OC_E_INPUT,
			       "refusing to listen on %s without a secret: set gateway.auth.token, "
			       "OPENCLAW_GATEWAY_TOKEN or --token, or use --bind loopback",
			       s->addresses.v[0]);
	s->wants_secret = true;
	s->keep_secret = container;
	return OC_OK;
}

static enum oc_rc resolve_auth(struct oc_gateway_settings *s, struct secrets *x,
			       const struct oc_gateway_options *o, const struct oc_config *c,
			       bool container, struct oc_err *e)
{
	const char *mode = mode_name(x, o, c);
	char **secret = NULL;

	if (!strcmp(mode, "token")) {
		s->mode = OC_AUTH_TOKEN;
		secret = &x->token;
	} else if (!strcmp(mode, "password")) {
		s->mode = OC_AUTH_PASSWORD;
		secret = &x->password;
	} else if (!strcmp(mode, "none")) {
		s->mode = OC_AUTH_NONE;
		if (s->loopback) return OC_OK;
		return oc_fail(e, OC_E_INPUT,
			       "refusing to listen on %s with --auth none: set a token or a "
			       "password, or use --bind loopback",
			       s->addresses.v[0]);
	} else if (!strcmp(mode, "trusted-proxy")) {
		return oc_fail(
		    e, OC_E_INPUT,
		    "--auth trusted-proxy is not supported: use token or password and let "
		    "the proxy pass the Authorization header on");
	} else
		return oc_fail(e, OC_E_INPUT, "--auth \"%.40s\": use token, password or none",
			       mode);
	s->secret = *secret;
	*secret = NULL;
	return s->secret ? OC_OK : no_secret(s, container, e);
}

enum oc_rc oc_gateway_settings_init(struct oc_gateway_settings *s,
				    const struct oc_gateway_options *o, const struct oc_config *c,
				    bool container, struct oc_err *e)
{
	struct secrets x = { 0 };
	enum oc_rc rc;

	*s = (struct oc_gateway_settings){ 0 };
	rc = check_mode(o, c, e);
	if (!rc) rc = check_supported(o, c, e);
	if (!rc) rc = resolve_port(s, o, c, e);
	if (!rc) rc = resolve_bind(s, o, c, container, e);
	if (!rc) rc = collect(&x, o, c, e);
	if (!rc) rc = resolve_auth(s, &x, o, c, container, e);
	oc_free_secret(x.token);
	oc_free_secret(x.password);
	return rc;
}

void oc_gateway_settings_deinit(struct oc_gateway_settings *s)
{
	oc_strv_deinit(&s->addresses);
	oc_free_secret(s->secret);
	*s = (struct oc_gateway_settings){ 0 };
}

bool oc_in_container(void)
{
	static const char *const marks[] = { "docker", "kubepods", "containerd", "lxc" };
	struct oc_buf text;
	bool found = false;

	if (oc_file_exists("/.dockerenv") || oc_file_exists("/run/.containerenv")) return true;
	if (oc_file_read("/proc/1/cgroup", 65536, &text, NULL)) return false;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		found |= oc_str_has(oc_buf_view(&text), oc_str(marks[i]));
	oc_buf_deinit(&text);
	return found;
}
