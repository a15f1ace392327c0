/* Durations as people type them. */
#include "cli/cron/duration.h"

static const int64_t LONGEST_MS = 10LL * 366 * 86400000;

/* Takes a number and its unit from the front of s. */
static bool take_part(struct oc_str *s, int64_t bare_ms, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 },	{ "s", 1000 },	   { "m", 60000 },
		      { "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 } };
	size_t digits = 0, letters = 0;
	int64_t number;

	while (digits < s->n && s->p[digits] >= '0' && s->p[digits] <= '9') digits++;
	if (!oc_parse_int(oc_str_head(*s, digits), 0, LONGEST_MS, &number)) return false;
	struct oc_str rest = oc_str_from(*s, digits);
	while (letters < rest.n && rest.p[letters] >= 'a' && rest.p[letters] <= 'z') letters++;
	struct oc_str unit = oc_str_head(rest, letters);
	*s = oc_str_from(rest, letters);
	if (!unit.n) return *ms = number * bare_ms, bare_ms > 0 && number <= LONGEST_MS / bare_ms;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!oc_str_eq(unit, oc_str(units[i].unit))) continue;
		*ms = number * units[i].ms;
		return number <= LONGEST_MS / units[i].ms;
	}
	return false;
}

bool oc_duration_parse(struct oc_str text, int64_t bare_ms, int64_t *out_ms)
{
	int64_t sum = 0;

	text = oc_str_trim(text);
	while (text.n) {
		int64_t ms = 0;
		if (!take_part(&text, bare_ms, &ms)) return false;
		sum += ms;
		if (sum > LONGEST_MS) return false;
	}
	if (sum <= 0) return false;
	*out_ms = sum;
	return true;
}
