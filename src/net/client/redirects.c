/*
 * Redirects of one call (spec 01 §7.4): each response is judged by itself, what a hop may carry
 * depends on whether the origin changes, and a host that nobody configured is never asked (D16).
 */
#include "redirects.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_get(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static bool becomes_get(int status, const char *method)
{
	if (status == 303) return !is_get(method);
	return (status == 301 || status == 302) && strcmp(method, "POST") == 0;
}

static enum oc_rc refuse(struct oc_redirects *r, enum oc_redirect_refusal why, enum oc_rc rc)
{
	r->refusal = why;
	return rc;
}

/* False when the same request was sent before. */
static bool remember(struct oc_redirects *r, const char *method, const struct oc_url *url,
		     bool body)
{
	char *text = oc_url_text(url);
	char *key = oc_asprintf("%s %d %s", method, body, text);
	bool is_new = !oc_strv_has(&r->seen, oc_str(key));

	if (is_new) oc_strv_add(&r->seen, oc_str(key));
	free(key);
	free(text);
	return is_new;
}

static void plan_request(struct oc_redirects *r, const char *method, const struct oc_url *from,
			 bool body, int status, struct oc_hop_request *next)
{
	bool get = becomes_get(status, method);
	bool crosses = !oc_url_same_origin(from, &next->url);

	r->stripped |= crosses;
	next->strip_headers = r->stripped;
	next->method = oc_strdup(get ? "GET" : method);
	next->body_dropped = body && !get && crosses && !is_get(method);
	next->body = body && !get && !next->body_dropped;
}

static enum oc_rc check_destination(struct oc_redirects *r, const struct oc_guard *g,
				    const struct oc_url *url, struct oc_err *e)
{
	enum oc_rc rc = oc_guard_check_host(g, url, e);

	if (rc) return refuse(r, OC_REDIRECT_PRIVATE, rc);
	r->private_only = !oc_guard_names_host(g, url->host);
	/* Under allowPrivateNetwork the addresses decide. */
	bool may_be_private = !g->public_web && g->allow_private == OC_TRUE &&
			      (!url->is_ip || oc_ip_in_strict_set(&url->ip));
	if (!r->private_only || may_be_private) return OC_OK;
	oc_fail(e, OC_E_DENIED,
		"Blocked: redirect to the host \"%s\", which no configured baseUrl names",
		url->host);
	return refuse(r, OC_REDIRECT_UNNAMED_HOST, OC_E_DENIED);
}

static enum oc_rc locate(struct oc_redirects *r, const struct oc_url *from, int status,
			 const char *location, struct oc_url *out, struct oc_err *e)
{
	struct oc_str ref = oc_str_trim(oc_str(location));

	if (ref.n == 0) {
		oc_fail(e, OC_E_PROTO, "Redirect (HTTP %d) without a Location header", status);
		return refuse(r, OC_REDIRECT_NO_LOCATION, OC_E_PROTO);
	}
	if (++r->count > OC_MAX_REDIRECTS) {
		oc_fail(e, OC_E_PROTO, "Too many redirects (limit: %d)", OC_MAX_REDIRECTS);
		return refuse(r, OC_REDIRECT_TOO_MANY, OC_E_PROTO);
	}
	if (!oc_url_resolve(from, ref, out, e)) return OC_OK;
	if (e) e->rc = OC_E_PROTO; /* the server's mistake, not the user's */
	oc_wrap(e, "Redirect (HTTP %d)", status);
	return refuse(r, OC_REDIRECT_BAD_URL, OC_E_PROTO);
}

enum oc_rc oc_redirects_next(struct oc_redirects *r, const struct oc_guard *g, const char *method,
			     const struct oc_url *url, bool body, int status, const char *location,
			     enum oc_hop *hop, struct oc_hop_request *next, struct oc_err *e)
{
	struct oc_hop_request planned = { 0 };

	r->refusal = OC_REDIRECT_NOT_REFUSED;
	*hop = OC_HOP_NONE;
	if (!is_redirect(status)) return OC_OK;
	remember(r, method, url, body);
	enum oc_rc rc = locate(r, url, status, location, &planned.url, e);
	if (rc) return rc;

	plan_request(r, method, url, body, status, &planned);
	if (!remember(r, planned.method, &planned.url, planned.body))
		rc = refuse(r, OC_REDIRECT_LOOP, oc_fail(e, OC_E_PROTO, "Redirect loop detected"));
	else
		rc = check_destination(r, g, &planned.url, e);
	if (rc) {
		oc_hop_request_deinit(&planned);
		return rc;
	}
	*hop = OC_HOP_FOLLOW;
	*next = planned;
	return OC_OK;
}

enum oc_rc oc_redirects_check_addrs(struct oc_redirects *r, const struct oc_guard *g,
				    const struct oc_url *url, struct oc_ip *addr, size_t n,
				    struct oc_err *e)
{
	enum oc_rc rc = oc_guard_check_addrs(g, url, addr, n, e);

	r->refusal = OC_REDIRECT_NOT_REFUSED;
	if (rc)
		return refuse(r, rc == OC_E_DENIED ? OC_REDIRECT_PRIVATE : OC_REDIRECT_NOT_REFUSED,
			      rc);
	for (size_t i = 0; i < n && r->private_only; i++) {
		if (oc_ip_in_strict_set(&addr[i])) continue;
		oc_fail(e, OC_E_DENIED,
			"Blocked: redirect to the host \"%s\", which no configured baseUrl names",
			url->host);
		return refuse(r, OC_REDIRECT_UNNAMED_HOST, OC_E_DENIED);
	}
	return OC_OK;
}

void oc_redirects_deinit(struct oc_redirects *r)
{
	oc_strv_deinit(&r->seen);
	*r = (struct oc_redirects){ 0 };
}

void oc_hop_request_deinit(struct oc_hop_request *h)
{
	free(h->method);
	oc_url_deinit(&h->url);
	*h = (struct oc_hop_request){ 0 };
}

bool oc_header_survives(struct oc_str name)
{
	static const char *const harmless[] = {
		"accept",	 "accept-encoding",	"accept-language",
		"cache-control", "content-language",	"content-type",
		"if-match",	 "if-modified-since",	"if-none-match",
		"if-range",	 "if-unmodified-since", "pragma",
		"range",	 "user-agent",
	};

	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (oc_str_ieq(name, oc_str(harmless[i]))) return true;
	return false;
}
