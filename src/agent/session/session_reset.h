#ifndef OC_AGENT_SESSION_RESET_H
#define OC_AGENT_SESSION_RESET_H
#include "config/config.h"
/*
 * Sessions that begin anew by themselves (spec 02 §7): session.reset.mode "daily" (at atHour, 4 by
 * default) or "idle" (after idleMinutes, 60 by default). Pure.
 */
/* last_ms: when something was said last; 0 = never. time_zone as in a prompt. */
bool oc_session_reset_due(const struct oc_config *config, int64_t last_ms, int64_t now_ms,
			  const char *time_zone);
#endif
