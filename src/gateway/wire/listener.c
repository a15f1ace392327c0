/* From a request's head to the row that answers it. */
#include "gateway/wire/listener.h"

#include <stdio.h>

#include "base/log.h"
#include "gateway/access/auth.h"
#include "gateway/access/client_address.h"
#include "gateway/access/devices.h"
#include "gateway/access/origin.h"
#include "gateway/http/metrics.h"
#include "gateway/http/route.h"
#include "gateway/wire/connection.h"
#include "net/ed25519.h"

/* ---- routes ---- */

static bool fits(const struct oc_route *r, struct oc_str path)
{
	struct oc_str pattern = oc_str(r->path);

	if (!oc_str_ends(pattern, OC_LIT("*"))) return oc_str_eq(path, pattern);
	return oc_str_starts(path, oc_str_head(pattern, pattern.n - 1));
}

static const struct oc_route *find_in(const struct oc_route *r, struct oc_str path)
{
	for (; r->path; r++)
		if (fits(r, path)) return r;
	return NULL;
}

/* Below these nothing is a page of the UI. */
static bool is_api(struct oc_str path)
{
	static const char *const roots[] = { "/api", "/v1", "/tools", "/hooks", "/channels" };

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		struct oc_str root = oc_str(roots[i]);
		if (oc_str_starts(path, root) && (path.n == root.n || path.p[root.n] == '/'))
			return true;
	}
	return false;
}

static const struct oc_route *find(const struct oc_gateway *gw, struct oc_str path)
{
	const struct oc_route *const tables[] = { oc_routes_probes,   oc_routes_v1,
						  oc_routes_tools,    oc_routes_hooks,
						  oc_routes_channels, oc_routes_metrics };
	const struct oc_route *r = NULL;

	for (size_t i = 0; !r && i < sizeof tables / sizeof *tables; i++)
		r = find_in(tables[i], path);
	if (!r && oc_hook_path(gw, path)) r = oc_routes_hooks;
	if (!r && !is_api(path)) r = find_in(oc_routes_ui, path);
	return r && r->enabled && !r->enabled(gw) ? NULL : r;
}

static bool is_probe(const struct oc_route *r)
{
	for (const struct oc_route *p = oc_routes_probes; p->path; p++)
		if (p == r) return true;
	return false;
}

/* ---- answers that no row gives ---- */

static void set_headers(const struct oc_gateway *gw, struct oc_exchange *x)
{
	static const char path[] = "gateway.http.securityHeaders.strictTransportSecurity";
	const json_t *hsts = oc_config_get(&gw->snapshot->config, path);
	const char *text = json_string_value(hsts);

	oc_exchange_set_header(x, "X-Content-Type-Options", "nosniff");
	oc_exchange_set_header(x, "Referrer-Policy", "no-referrer");
	oc_exchange_set_header(x, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
	oc_exchange_set_header(x, "Cache-Control", "no-store");
	if (text && !strpbrk(text, "\r\n"))
		oc_exchange_set_header(x, "Strict-Transport-Security", text);
}

static void refuse_method(struct oc_exchange *x, const struct oc_route *r)
{
	struct oc_buf allow;

	oc_buf_init(&allow, 256);
	for (const char *c = r->methods; *c; c++)
		if (*c == ' ')
			oc_buf_adds(&allow, ", ");
		else
			oc_buf_addc(&allow, *c);
	oc_exchange_set_header(x, "Allow", oc_buf_cstr(&allow));
	oc_route_text(x, 405, "Method Not Allowed");
	oc_buf_deinit(&allow);
}

static bool has_method(const struct oc_route *r, const char *method)
{
	struct oc_str list = oc_str(r->methods), name = oc_str(method);

	for (size_t at = 0; (at = oc_str_find(list, name, at)) != SIZE_MAX; at++) {
		bool begins = at == 0 || list.p[at - 1] == ' ';
		bool ends = at + name.n == list.n || list.p[at + name.n] == ' ';
		if (begins && ends && name.n) return true;
	}
	return false;
}

/* ---- who asks ---- */

static struct oc_str bearer(const struct oc_exchange *x)
{
	struct oc_str v = oc_str_trim(oc_str(oc_exchange_header(x, "Authorization")));

	if (!oc_str_istarts(v, OC_LIT("Bearer "))) return (struct oc_str){ 0 };
	return oc_str_trim(oc_str_from(v, 7));
}

static bool is_right(const struct oc_gateway *gw, struct oc_str secret)
{
	struct oc_strv granted = { 0 };
	bool ok;

	if (!secret.n) return false;
	if (gw->secret && oc_secret_equal(secret, oc_str(gw->secret))) return true;
	ok = gw->devices && oc_devices_token(gw->devices, secret, &granted) &&
	     oc_scopes_allow(&granted, OC_SCOPE_WRITE);
	oc_strv_deinit(&granted);
	return ok;
}

bool oc_route_authorised(const struct oc_gateway *gw, const struct oc_exchange *x, bool api_key_too)
{
	struct oc_str key = oc_str_trim(oc_str(oc_exchange_header(x, "x-api-key")));

	if (gw->auth_mode == OC_AUTH_NONE) return true;
	return is_right(gw, bearer(x)) || (api_key_too && is_right(gw, key));
}

static bool showed_something(const struct oc_exchange *x)
{
	return oc_exchange_header(x, "Authorization") || oc_exchange_header(x, "x-api-key");
}

static bool is_limited(const struct oc_exchange *x, const struct oc_auth_limit_config *limit)
{
	return !(limit->exempt_loopback && oc_client_is_local(x) &&
		 !oc_exchange_header(x, "Origin"));
}

bool oc_route_locked_out(const struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_auth_limit_config limit = oc_auth_limit_configured(&gw->snapshot->config);
	char seconds[24], address[OC_IP_TEXT];

	if (!is_limited(x, &limit)) return false;
	oc_client_address(gw, x, address);
	uint64_t ms = oc_auth_limit_locked(gw->limits, address, oc_now_ms());

	if (!ms) return false;
	snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(ms + 999) / 1000);
	oc_exchange_set_header(x, "Retry-After", seconds);
	oc_route_fail(x, 429, "rate_limited",
		      "too many failed authentication attempts; retry later");
	return true;
}

void oc_route_wrong_secret(const struct oc_gateway *gw, const struct oc_exchange *x)
{
	struct oc_auth_limit_config limit = oc_auth_limit_configured(&gw->snapshot->config);
	char address[OC_IP_TEXT];

	if (!is_limited(x, &limit)) return;
	oc_client_address(gw, x, address);
	oc_auth_limit_fail(gw->limits, &limit, address, oc_now_ms());
}

/* True, or answered. */
static bool authorise(const struct oc_gateway *gw, struct oc_exchange *x, const struct oc_route *r)
{
	if (r->auth == OC_ROUTE_OPEN || r->auth == OC_ROUTE_OWN) return true;
	if (oc_route_locked_out(gw, x)) return false;
	if (oc_route_authorised(gw, x, r->auth == OC_ROUTE_API_KEY)) return true;
	if (showed_something(x)) oc_route_wrong_secret(gw, x);
	oc_route_fail(x, 401, "unauthorized", "Unauthorized");
	return false;
}

static bool check_origin(const struct oc_gateway *gw, struct oc_exchange *x)
{
	const char *origin = oc_exchange_header(x, "Origin"), *why;
	struct oc_strv allowed = { 0 };

	if (!origin) return true;
	oc_gateway_allowed_origins(gw, &allowed);
	why = oc_origin_refused(origin, oc_exchange_header(x, "Host"), &allowed);
	oc_strv_deinit(&allowed);
	if (!why) return true;
	oc_route_fail(x, 403, "forbidden", "%s (see gateway.controlUi.allowedOrigins)", why);
	return false;
}

static bool check_phase(const struct oc_gateway *gw, struct oc_exchange *x)
{
	if (gw->phase == OC_GATEWAY_READY) return true;
	oc_exchange_set_header(x, "Retry-After", "1");
	oc_route_fail(x, 503, "unavailable", "the gateway is %s",
		      gw->phase == OC_GATEWAY_STARTING ? "starting" : "stopping");
	return false;
}

/* ---- the handler ---- */

static void serve(struct oc_gateway *gw, struct oc_exchange *x, const struct oc_route *r)
{
	if (!r) {
		oc_route_text(x, 404, "Not Found");
		return;
	}
	if (!is_probe(r) && !check_origin(gw, x)) return;
	if (!authorise(gw, x, r)) return;
	if (!has_method(r, oc_exchange_method(x))) {
		refuse_method(x, r);
		return;
	}
	if (!is_probe(r) && !check_phase(gw, x)) return;
	r->run_wait(gw, x);
}

void oc_listener_handle_wait(void *arg, struct oc_exchange *x)
{
	struct oc_gateway *gw = arg;

	if (oc_exchange_wants_websocket(x) && !strcmp(oc_exchange_path(x), "/")) {
		oc_connection_serve_wait(gw, x);
		return;
	}
	const struct oc_route *r = find(gw, oc_str(oc_exchange_path(x)));

	set_headers(gw, x);
	serve(gw, x, r);
	/* 499: the client closed the request, as nginx writes it. */
	oc_metrics_request(r ? r->path : NULL,
			   oc_scope_cancelled(oc_scope_current()) ? 499 : oc_exchange_status(x));
}
