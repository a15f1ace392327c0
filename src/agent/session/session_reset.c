/* When a session begins anew by itself. */
#include "agent/session/session_reset.h"

#include "agent/run/prompt.h"

enum {
	MINUTE_MS = 60000,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
	AT_HOUR = 4,
	IDLE_MIN = 60
};

/* The last time that the clock of this zone showed the full hour. */
static int64_t last_hour(int64_t now_ms, int64_t hour, const char *time_zone)
{
	struct tm tm;

	oc_prompt_local_time(now_ms, time_zone, &tm);
	int64_t since_midnight =
	    ((int64_t)tm.tm_hour * 60 + tm.tm_min) * MINUTE_MS + (int64_t)tm.tm_sec * 1000;
	int64_t since = since_midnight - hour * HOUR_MS;

	return now_ms - (since >= 0 ? since : since + DAY_MS);
}

bool oc_session_reset_due(const struct oc_config *config, int64_t last_ms, int64_t now_ms,
			  const char *time_zone)
{
	const json_t *reset = oc_config_get(config, "session.reset");
	struct oc_str mode = oc_json_str(reset, "mode");
	int64_t idle_min = oc_json_positive(reset, "idleMinutes");

	if (!last_ms) return false;
	if (oc_str_eq(mode, OC_LIT("idle")))
		return now_ms - last_ms >= (idle_min ? idle_min : IDLE_MIN) * MINUTE_MS;
	if (!oc_str_eq(mode, OC_LIT("daily"))) return false;
	return last_ms < last_hour(now_ms, oc_json_int(reset, "atHour", AT_HOUR), time_zone);
}
