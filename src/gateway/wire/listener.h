#ifndef OC_LISTENER_H
#define OC_LISTENER_H
#include "gateway/gateway.h"
/* Every request of the HTTP server: route, origin, credentials, method, then the row (spec 02 §1.4,
 * §4, D56). arg is the gateway. */
void oc_listener_handle_wait(void *gw, struct oc_exchange *x);
#endif
