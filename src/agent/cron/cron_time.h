#ifndef OC_CRON_TIME_H
#define OC_CRON_TIME_H
#include "rt/zone.h"
#include "json/json.h"
/*
 * When a job is due (spec 03 §8.1). Pure but for the zone, which is looked up by name.
 * A cron expression with a fixed hour runs once a day on days of a clock change: a skipped time
 * comes later by the gap, a repeated one counts once. With "*" as its hour it follows real time.
 * "every" with a zone and whole days keeps its time of day.
 */
enum oc_schedule_kind { OC_SCHEDULE_AT, OC_SCHEDULE_EVERY, OC_SCHEDULE_CRON };
struct oc_schedule {
	enum oc_schedule_kind kind;
	int64_t at_ms;
	int64_t every_ms, anchor_ms;
	int every_days; /* whole days of the zone: the same time of day across clock changes */
	uint64_t seconds, minutes;    /* sets of bits */
	uint32_t hours, days, months; /* days: bit 0 = the last of the month */
	uint8_t weekdays;
	bool any_hour, any_day, any_weekday;
	const struct oc_zone *zone;
	int64_t stagger_ms; /* added to each time */
};
/* {"kind": "at", "at": …} | {"kind": "every", "everyMs": …} | {"kind": "cron", "expr": …, "tz": …}.
 * OC_E_INPUT: e says which member is wrong and what would be right. */
OC_MUST_USE enum oc_rc oc_schedule_parse(const json_t *schedule, int64_t now_ms,
					 struct oc_schedule *out, struct oc_err *e);
/* The first moment after this one; 0 = never again. */
int64_t oc_schedule_next(const struct oc_schedule *s, int64_t after_ms);

/* "2026-11-21T09:00:00+01:00", without offset in the zone; or from now: "20m", "2h", "1d". */
OC_MUST_USE bool oc_parse_moment(struct oc_str text, const struct oc_zone *zone, int64_t now_ms,
				 int64_t *out);
/* "90s", "20m", "2h", "1d", "500ms"; a bare number is milliseconds. */
OC_MUST_USE bool oc_parse_duration(struct oc_str text, int64_t *ms);
int oc_days_in_month(int year, int month);
#endif
