/* The measurements of the loop in the form of the protocol. */
#include "gateway/process/event_loop.h"

#include <math.h>
#include <sys/resource.h>

#include "rt/stall.h"

enum { DEGRADED_MS = 1000 };

/* Upper bound of the bucket that holds the 99th of a hundred turns. */
static double p99_ms(const struct oc_stalls *s)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < OC_STALL_BUCKETS; i++) {
		seen += s->n[i];
		if (s->count && seen * 100 >= s->count * 99)
			return fmin((double)oc_stall_bounds_us[i], (double)s->longest_us) / 1e3;
	}
	return (double)s->longest_us / 1e3;
}

static double cpu_ms(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) != 0) return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? round(part / whole * 1000) / 1000 : 0;
}

json_t *oc_event_loop_view(const struct oc_gateway *gw)
{
	struct oc_stalls s = oc_stalls_now();
	uint64_t up = oc_now_ms() - gw->started_ms;
	bool degraded = p99_ms(&s) >= DEGRADED_MS;
	json_t *reasons = json_array();

	if (degraded) json_array_append_new(reasons, json_string("event_loop_delay"));
	return json_pack("{s:b, s:o, s:I, s:f, s:f, s:f, s:f}", "degraded", degraded, "reasons",
			 reasons, "intervalMs", (json_int_t)up, "delayP99Ms", p99_ms(&s),
			 "delayMaxMs", (double)s.longest_us / 1e3, "utilization",
			 ratio((double)s.sum_us / 1e3, (double)up), "cpuCoreRatio",
			 ratio(cpu_ms(), (double)up));
}
