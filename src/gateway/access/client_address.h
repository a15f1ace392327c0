#ifndef OC_CLIENT_ADDRESS_H
#define OC_CLIENT_ADDRESS_H
#include "gateway/gateway.h"
#include "net/ip.h"
/* Where a client is: the peer of its connection, or what a proxy that is listed in
 * gateway.trustedProxies says in X-Forwarded-For. */
void oc_client_address(const struct oc_gateway *gw, const struct oc_exchange *x,
		       char out[OC_IP_TEXT]);
/* From this machine, and through no proxy on it. */
bool oc_client_is_local(const struct oc_exchange *x);

/* Pure. trusted: addresses and networks ("10.0.0.0/8"); forwarded may be NULL. The rightmost
 * address that is no trusted proxy's; out is the peer where there is none. */
void oc_forwarded_address(const char *peer, const char *forwarded, const struct oc_strv *trusted,
			  char out[OC_IP_TEXT]);
#endif
