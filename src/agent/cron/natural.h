#ifndef OC_CRON_NATURAL_H
#define OC_CRON_NATURAL_H
#include "agent/cron/cron_time.h"
/*
 * When something is to happen, as people say it (spec 03 §8.1): "in 20 minutes", "tomorrow 9:00",
 * "every weekday 8:30", "am 24.12. um 18 Uhr", ISO 8601, cron expressions. English, and simple
 * German. Hours without am or pm are those of a 24-hour clock. Pure but for the zone, which is
 * looked up by name.
 */
enum { OC_NATURAL_MAX = 300 }; /* bytes of a phrase */
struct oc_natural {
	json_t *schedule;   /* as a job has it; NULL: more than one thing may be meant */
	char question[240]; /* and this asks which */
};
/* zone: of the person, as in oc_zone_get. OC_E_INPUT: not understood, impossible or past; e says
 * which part. OC_OK: schedule (a new reference) or question. */
OC_MUST_USE enum oc_rc oc_natural_read(struct oc_str text, const char *zone, int64_t now_ms,
				       struct oc_natural *out, struct oc_err *e);
/* Appends "Mon 2026-11-23 08:30". */
void oc_natural_moment(int64_t at_ms, const struct oc_zone *zone, struct oc_buf *out);
/* Appends the next times: "Mon 2026-11-23 08:30, Tue 2026-11-24 08:30, … (Europe/Berlin)". */
void oc_schedule_echo(const struct oc_schedule *s, const struct oc_zone *zone,
		      const char *zone_name, int64_t now_ms, size_t n, struct oc_buf *out);
#endif
