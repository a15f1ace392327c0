/* Texts of the system for an agent. */
#include "gateway/process/wake.h"

#include "agent/cron/heartbeat.h"
#include "agent/session/session_events.h"

enum oc_rc oc_wake_now_wait(struct oc_gateway *gw, const char *key, struct oc_str text,
			    struct oc_err *e)
{
	const struct oc_ask ask = { .session_key = key,
				    .message = text,
				    .channel = "system",
				    .sender = "system",
				    .priority = OC_PRIORITY_CRON };
	struct oc_asked asked;

	if (gw->heartbeat && !oc_heartbeat_may_wake(gw->heartbeat))
		return oc_wake_later_wait(gw, key, text, e);
	return oc_sessions_ask_wait(gw->sessions, &ask, &asked, e);
}

enum oc_rc oc_wake_later_wait(struct oc_gateway *gw, const char *key, struct oc_str text,
			      struct oc_err *e)
{
	return oc_session_event_add_wait(gw->sessions, key, text, e);
}
