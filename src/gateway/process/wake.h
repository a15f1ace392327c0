#ifndef OC_WAKE_H
#define OC_WAKE_H
#include "gateway/gateway.h"
/* Something happened that the agent is to know: at once, or with the next heartbeat. */
/* key: canonical session that is woken. OC_OK: its message is durable. Too many within a minute
 * wait for its next message instead. */
OC_MUST_USE enum oc_rc oc_wake_now_wait(struct oc_gateway *gw, const char *key, struct oc_str text,
					struct oc_err *e);
/* Kept for the next heartbeat or message of that session, among the newest ones. */
OC_MUST_USE enum oc_rc oc_wake_later_wait(struct oc_gateway *gw, const char *key,
					  struct oc_str text, struct oc_err *e);
#endif
