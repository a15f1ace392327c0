#ifndef OC_GUARD_H
#define OC_GUARD_H
#include "net/url.h"
/*
 * The SSRF guard (spec 01 §7, D1-D3, D16): which addresses a call of the model half may reach. Pure decisions;
 * net/http_client applies them to every hop and to every socket.
 */
enum oc_tri { OC_UNSET, OC_FALSE, OC_TRUE };

enum oc_endpoint_class { /* spec 01 §4.4 */
	OC_ENDPOINT_LOCAL,  /* localhost, 127.0.0.1, ::1, *.localhost, *.local, *.internal */
	OC_ENDPOINT_NATIVE, /* api.openai.com, api.anthropic.com and their like */
	OC_ENDPOINT_CUSTOM,
};
enum oc_endpoint_class oc_endpoint_class(const struct oc_url *base);
/* Loopback, private, *.localhost, .local, .internal or a bare name ("Names of things" of the decisions). */
bool oc_host_is_local(const struct oc_url *u);

struct oc_guard {
	struct oc_url base;		/* the configured base URL of the provider; owned */
	enum oc_tri allow_private;	/* request.allowPrivateNetwork */
	const struct oc_strv *named;	/* canonical hosts the config names, for redirects; borrowed, may be NULL */
};
OC_MUST_USE enum oc_rc oc_guard_init(struct oc_guard *g, struct oc_str base_url, enum oc_tri allow_private,
				     struct oc_err *e);
void oc_guard_deinit(struct oc_guard *g);

/* Before resolution. OC_E_DENIED: the user text of spec 01 §7.5. */
OC_MUST_USE enum oc_rc oc_guard_check_host(const struct oc_guard *g, const struct oc_url *url, struct oc_err *e);
/* After it: every address must pass (n == 0 is OC_E_UPSTREAM, a resolution error). Sorts IPv4 before IPv6, else keeps order. */
OC_MUST_USE enum oc_rc oc_guard_check_addrs(const struct oc_guard *g, const struct oc_url *url, struct oc_ip *addr,
					    size_t n, struct oc_err *e);

/* One call's way through redirects (spec 01 §7.4). */
struct oc_redirects {
	unsigned count;
	struct oc_strv seen; /* "METHOD body url" */
};
enum oc_hop { OC_HOP_NONE /* not a redirect */, OC_HOP_FOLLOW };
struct oc_hop_request {
	char *method;	   /* owned */
	struct oc_url url; /* owned */
	bool body;
	bool strip_headers; /* cross-origin: only the harmless headers survive */
};
/* Judges a response. *next is the request to send, set for OC_HOP_FOLLOW. OC_E_DENIED = refused like an SSRF block, other codes =
 * too many, loop, no Location, bad scheme. method/url/body describe the request just answered. */
OC_MUST_USE enum oc_rc oc_redirects_next(struct oc_redirects *r, const struct oc_guard *g, const char *method,
					 const struct oc_url *url, bool body, int status, const char *location,
					 enum oc_hop *hop, struct oc_hop_request *next, struct oc_err *e);
void oc_redirects_deinit(struct oc_redirects *r);
void oc_hop_request_deinit(struct oc_hop_request *h);
/* A header that may cross an origin. */
bool oc_header_survives(struct oc_str name);
#endif
