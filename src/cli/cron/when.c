/* Times for a person. */
#include "cli/cron/when.h"

#include <stdio.h>
#include <time.h>

static void span(int64_t ms, char *out, size_t size)
{
	int64_t s = ms / 1000;

	if (s < 60)
		snprintf(out, size, "%llds", (long long)s);
	else if (s < 3600)
		snprintf(out, size, "%lldm", (long long)(s / 60));
	else if (s < 48 * 3600)
		snprintf(out, size, "%lldh", (long long)(s / 3600));
	else
		snprintf(out, size, "%lldd", (long long)(s / 86400));
}

void oc_age_text(int64_t ms, char *out, size_t size)
{
	char text[24];

	span(ms > 0 ? ms : 0, text, sizeof text);
	if (ms < 1000)
		snprintf(out, size, "just now");
	else
		snprintf(out, size, "%s ago", text);
}

void oc_until_text(int64_t ms, char *out, size_t size)
{
	char text[24];

	span(ms > 0 ? ms : 0, text, sizeof text);
	snprintf(out, size, "in %s", text);
}

void oc_when_text(int64_t wall_ms, char *out, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm t;

	if (wall_ms <= 0 || !localtime_r(&seconds, &t)) {
		snprintf(out, size, "-");
		return;
	}
	strftime(out, size, "%Y-%m-%d %H:%M", &t);
}
