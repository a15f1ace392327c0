#ifndef OC_WAKE_H
#define OC_WAKE_H
#include "gateway/gateway.h"
/* Something happened that the agent is to know: at once, or with the next heartbeat. */
enum { OC_MAX_SYSTEM_EVENTS = 20 };
#define OC_SYSTEM_EVENT "system-event" /* kind of document that they are kept as */

/* key: canonical session that is woken. OC_OK: its message is durable. */
OC_MUST_USE enum oc_rc oc_wake_now_wait(struct oc_gateway *gw, const char *key, struct oc_str text,
					struct oc_err *e);
/* Kept for the next heartbeat, among the newest ones. */
OC_MUST_USE enum oc_rc oc_wake_later_wait(struct oc_gateway *gw, struct oc_str text,
					  struct oc_err *e);
#endif
