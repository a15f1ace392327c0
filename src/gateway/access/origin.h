#ifndef OC_ORIGIN_H
#define OC_ORIGIN_H
#include "base/str.h"
/*
 * Whether a web page may talk to us (D56). An Origin is accepted when it is the place that was
 * asked (its host and port equal the request's Host) and that host is an IP literal or localhost,
 * or when it is listed in gateway.controlUi.allowedOrigins ("*" lists all). A foreign name that
 * resolves to us is refused although both headers agree. Pure.
 */
/* origin, host: the headers' values, NULL when absent; allowed: may be empty. NULL = accepted,
 * else the reason. */
const char *oc_origin_refused(const char *origin, const char *host, const struct oc_strv *allowed);
#endif
