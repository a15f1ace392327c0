#ifndef OC_URL_H
#define OC_URL_H
#include "net/ip.h"
/*
 * http and https URLs after the WHATWG rules (spec 01 §7.1): host lower-cased, percent-decoded,
 * IDNA to punycode, IPv4 numbers in every legal spelling canonicalised, IPv6 in brackets, one or
 * more trailing dots cut. User info is parsed and dropped. Pure.
 */
struct oc_url {
	bool https;
	char *host; /* canonical; IPv6 without brackets */
	bool is_ip;
	struct oc_ip ip; /* when is_ip */
	uint16_t port;	 /* default filled in */
	char *path;	 /* begins with '/', with the query, without the fragment */
	bool had_userinfo;
};
/* OC_E_INPUT: e names what is wrong with it ("Invalid URL: must be http or https" for other
 * schemes). */
OC_MUST_USE enum oc_rc oc_url_parse(struct oc_str s, struct oc_url *out, struct oc_err *e);
/* A reference relative to base, as browsers resolve it: "http:x" is relative to an http base. */
OC_MUST_USE enum oc_rc oc_url_resolve(const struct oc_url *base, struct oc_str ref,
				      struct oc_url *out, struct oc_err *e);
void oc_url_deinit(struct oc_url *u);
bool oc_url_same_origin(const struct oc_url *a, const struct oc_url *b);
/* "http://host:port/path?query", IPv6 bracketed, default port left out, no user info. Free with
 * free(). */
char *oc_url_text(const struct oc_url *u);
/* "http://host:port", default port left out. Free with free(). */
char *oc_url_origin(const struct oc_url *u);
#endif
