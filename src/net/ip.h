#ifndef OC_IP_H
#define OC_IP_H
#include "base/buf.h"
#include <sys/socket.h>
/* An IPv4 or IPv6 address as a value. */
struct oc_ip {
	bool v6;
	uint8_t b[16]; /* network order; the first 4 for IPv4 */
};
enum { OC_IP_TEXT = 46 };
/* Strict forms: dotted quad, or RFC 4291 text without brackets and zone. */
OC_MUST_USE bool oc_ip_parse(struct oc_str s, struct oc_ip *out);
/* Canonical text (RFC 5952). */
void oc_ip_format(const struct oc_ip *ip, char out[OC_IP_TEXT]);
bool oc_ip_from_sockaddr(const struct sockaddr *sa, struct oc_ip *out);
bool oc_ip_eq(const struct oc_ip *a, const struct oc_ip *b);
/* Sets of spec 01 §7.2, embedded IPv4 addresses included. Strict: private, local, special use,
 * metadata. */
bool oc_ip_in_strict_set(const struct oc_ip *ip);
/* Blocked even for a trusted origin. resolved: a name gave this address, it is no literal host. */
bool oc_ip_in_trusted_set(const struct oc_ip *ip, bool resolved);
bool oc_ip_is_metadata_or_link_local(const struct oc_ip *ip);
bool oc_ip_is_loopback(const struct oc_ip *ip);
/* Loopback (and 0.0.0.0 and ::, which connect there), RFC 1918, 100.64/10, ULA, fe80: what "local"
 * means for credentials and time-outs. */
bool oc_ip_is_private(const struct oc_ip *ip);
#endif
