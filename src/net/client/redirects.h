#ifndef OC_REDIRECTS_H
#define OC_REDIRECTS_H
#include "net/client/guard.h"
/*
 * One call's way through redirects (spec 01 §7.4). Pure. For every request of a call:
 *
 *	oc_guard_check_host      (oc_redirects_next has done it for a hop)
 *	resolve
 *	oc_redirects_check_addrs (in the place of oc_guard_check_addrs)
 *	send, read the head
 *	oc_redirects_next        OC_HOP_NONE: this is the answer
 */
enum oc_redirect_refusal {
	OC_REDIRECT_NOT_REFUSED,
	OC_REDIRECT_PRIVATE,	  /* the guard refuses the host or one of its addresses */
	OC_REDIRECT_UNNAMED_HOST, /* the config does not name the host (D16) */
	OC_REDIRECT_TOO_MANY,
	OC_REDIRECT_LOOP,
	OC_REDIRECT_NO_LOCATION,
	OC_REDIRECT_BAD_URL, /* no URL, or neither http nor https */
};

struct oc_redirects { /* zeroed = before the first request */
	unsigned count;
	struct oc_strv seen; /* "METHOD body url" of the requests sent */
	bool stripped;	     /* an origin was crossed; the headers do not come back */
	bool private_only;   /* this hop's host has no name in the config: private addresses only */
	enum oc_redirect_refusal refusal; /* why the last call refused */
};
enum oc_hop { OC_HOP_NONE /* not a redirect */, OC_HOP_FOLLOW };
struct oc_hop_request {
	char *method;	   /* owned */
	struct oc_url url; /* owned */
	bool body;
	bool body_dropped;  /* an origin was crossed, so the body stays behind. A model request is
			     * useless without it: its caller refuses to send this */
	bool strip_headers; /* only the headers of oc_header_survives may be sent, from here on */
};
/* Judges a response. *next is the request to send, set for OC_HOP_FOLLOW. OC_E_DENIED = refused
 * like an SSRF block, OC_E_PROTO = too many, loop, no Location, bad URL. method/url/body describe
 * the request just answered; location may be NULL. */
OC_MUST_USE enum oc_rc oc_redirects_next(struct oc_redirects *r, const struct oc_guard *g,
					 const char *method, const struct oc_url *url, bool body,
					 int status, const char *location, enum oc_hop *hop,
					 struct oc_hop_request *next, struct oc_err *e);
/* oc_guard_check_addrs and, for a hop that only allowPrivateNetwork admits, that it stays in
 * private networks (D16). */
OC_MUST_USE enum oc_rc oc_redirects_check_addrs(struct oc_redirects *r, const struct oc_guard *g,
						const struct oc_url *url, struct oc_ip *addr,
						size_t n, struct oc_err *e);
void oc_redirects_deinit(struct oc_redirects *r);
void oc_hop_request_deinit(struct oc_hop_request *h);
/* A header that may cross an origin. */
bool oc_header_survives(struct oc_str name);
#endif
