#ifndef OC_GUARD_H
#define OC_GUARD_H
#include "net/url.h"
/*
 * The SSRF guard (spec 01 §7, D1-D3, D16): which addresses a call of the model half may reach. Pure
 * decisions; net/http_client applies them to every hop (redirects.h) and to every socket.
 */
enum oc_tri { OC_UNSET, OC_FALSE, OC_TRUE };

/* Spec 01 §4.4. Native: api.openai.com, api.anthropic.com and their like, whatever the scheme. */
enum oc_endpoint_class {
	OC_ENDPOINT_LOCAL, /* localhost, 127.0.0.1, ::1, *.localhost, *.local, *.internal */
	OC_ENDPOINT_NATIVE,
	OC_ENDPOINT_CUSTOM,
};
enum oc_endpoint_class oc_endpoint_class(const struct oc_url *base);
/* OpenAI itself: https to api.openai.com or a name below it ("openai-public" of spec 01 §4.4). */
bool oc_url_is_openai(const struct oc_url *base);
/* Loopback (0.0.0.0 and :: too, they connect there), private, *.localhost, .local, .internal or a
 * bare name ("Names of things" of the decisions). The caller excludes the providers anthropic,
 * openai and openrouter. */
bool oc_host_is_local(const struct oc_url *u);

struct oc_guard {
	struct oc_url base;	     /* the configured base URL of the provider; owned */
	enum oc_tri allow_private;   /* request.allowPrivateNetwork */
	const struct oc_strv *named; /* canonical hosts the config names, for redirects; borrowed,
				      * may be NULL. base counts as named in any case */
	const char *provider_id;     /* for the hint of a refusal; borrowed, may be NULL */
	/*
	 * For URLs that a model chose (spec 03 §6.3): no base, any host with public addresses,
	 * redirects to others included. allow_private OC_TRUE and the canonical hosts of private_ok
	 * (borrowed, may be NULL) open private networks; metadata and link-local stay closed.
	 */
	bool public_web;
	const struct oc_strv *private_ok;
};
/* OC_E_INPUT: base_url is no URL. */
OC_MUST_USE enum oc_rc oc_guard_init(struct oc_guard *g, struct oc_str base_url,
				     enum oc_tri allow_private, struct oc_err *e);
void oc_guard_deinit(struct oc_guard *g);

/* Before resolution. OC_E_DENIED: the user text of spec 01 §7.5. */
OC_MUST_USE enum oc_rc oc_guard_check_host(const struct oc_guard *g, const struct oc_url *url,
					   struct oc_err *e);
/* After it: every address must pass (n == 0 is OC_E_UPSTREAM, a resolution error). Sorts IPv4
 * before IPv6, else keeps order. A literal host is its own only address. */
OC_MUST_USE enum oc_rc oc_guard_check_addrs(const struct oc_guard *g, const struct oc_url *url,
					    struct oc_ip *addr, size_t n, struct oc_err *e);
bool oc_guard_names_host(const struct oc_guard *g, const char *host);
#endif
