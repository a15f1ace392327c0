#ifndef OC_ZONE_H
#define OC_ZONE_H
#include "base/err.h"
/*
 * Time zones by name, from the system's compiled files (RFC 8536) and the rule at their end. The
 * process's own zone stays what it is: nothing here touches TZ, which other threads may be reading.
 */
struct oc_zone;
/* Civil time. month 1-12, day 1-31, weekday 0 = Sunday. */
struct oc_civil {
	int year, month, day, hour, minute, second, weekday;
};
/* Name "Europe/Berlin"; NULL or "" = the system's (TZ, else /etc/localtime). Always gives a zone:
 * UTC when it is not known, and *known (may be NULL) tells. Kept for the life of the process. */
const struct oc_zone *oc_zone_get(const char *name, bool *known);
void oc_zone_civil(const struct oc_zone *z, int64_t wall_ms, struct oc_civil *out);
/* The moment of a civil time; fields out of range carry over (day 32, minute -1). A time that a
 * clock change skips counts with the offset before it, so it comes out later by the gap; one that
 * happens twice is the first. */
int64_t oc_zone_ms(const struct oc_zone *z, const struct oc_civil *c);
int oc_zone_offset(const struct oc_zone *z, int64_t wall_ms); /* seconds east of UTC */

/* ---- pure ---- */
int64_t oc_days_from_civil(int64_t year, int month, int day); /* since 1970-01-01 */
/* Reads a compiled file. NULL when it is none. For tests and fuzzing; free with oc_zone_free. */
struct oc_zone *oc_zone_parse(const void *bytes, size_t n);
void oc_zone_free(struct oc_zone *z);
#endif
