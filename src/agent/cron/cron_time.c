/* Schedules: reading them, and the next time that they name. */
#include "agent/cron/cron_time.h"

#include <ctype.h>

enum {
	MAX_EXPR = 256,
	MIN_EVERY_MS = 1000,
	MAX_YEARS = 9, /* 29 February comes within eight years, but for 2100 */
	HOUR_MS = 3600000
};
#define MAX_DURATION_MS INT64_C(315360000000) /* ten years */
#define DAY_MS		INT64_C(86400000)

int oc_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* ---- durations and moments ---- */

bool oc_parse_duration(struct oc_str text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "", 1 },	{ "ms", 1 },	   { "s", 1000 },
		      { "sec", 1000 },	{ "m", 60000 },	   { "min", 60000 },
		      { "h", HOUR_MS }, { "d", 86400000 }, { "w", 604800000 } };
	size_t digits = 0;
	int64_t n;

	while (digits < text.n && isdigit((unsigned char)text.p[digits])) digits++;
	if (!oc_parse_int(oc_str_head(text, digits), 0, MAX_DURATION_MS, &n)) return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!oc_str_ieq(oc_str_from(text, digits), oc_str(units[i].unit))) continue;
		if (n > MAX_DURATION_MS / units[i].ms) return false;
		*ms = n * units[i].ms;
		return true;
	}
	return false;
}

struct reader {
	struct oc_str s;
};

static bool take(struct reader *r, const char *one_of)
{
	if (!r->s.n || !strchr(one_of, r->s.p[0])) return false;
	r->s = oc_str_from(r->s, 1);
	return true;
}

static bool take_digits(struct reader *r, size_t n, int *out)
{
	int64_t value;

	if (r->s.n < n || !isdigit((unsigned char)r->s.p[0]) ||
	    !oc_parse_int(oc_str_head(r->s, n), 0, 9999, &value))
		return false;
	*out = (int)value;
	r->s = oc_str_from(r->s, n);
	return true;
}

static void skip_fraction(struct reader *r)
{
	if (!take(r, ".")) return;
	while (r->s.n && isdigit((unsigned char)r->s.p[0])) r->s = oc_str_from(r->s, 1);
}

/* "Z", "+01:00", "+0100", "+01"; *has false when there is none. */
static bool take_offset(struct reader *r, bool *has, int *seconds)
{
	bool west;
	int h, m = 0;

	*seconds = 0;
	*has = take(r, "Zz");
	if (*has) return true;
	west = r->s.n && r->s.p[0] == '-';
	if (!take(r, "+-")) return true;
	*has = true;
	if (!take_digits(r, 2, &h)) return false;
	take(r, ":");
	if (r->s.n && !take_digits(r, 2, &m)) return false;
	*seconds = (west ? -1 : 1) * (h * 3600 + m * 60);
	return h < 24 && m < 60;
}

static bool in_range(const struct oc_civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31 && c->hour <= 24 &&
	       c->minute <= 59 && c->second <= 60;
}

static bool read_iso(struct oc_str text, const struct oc_zone *zone, int64_t *out)
{
	struct reader r = { text };
	struct oc_civil c = { 0 };
	bool has_offset = false;
	int offset = 0;

	if (!take_digits(&r, 4, &c.year) || !take(&r, "-") || !take_digits(&r, 2, &c.month) ||
	    !take(&r, "-") || !take_digits(&r, 2, &c.day))
		return false;
	if (take(&r, "Tt ")) {
		if (!take_digits(&r, 2, &c.hour) || !take(&r, ":") ||
		    !take_digits(&r, 2, &c.minute))
			return false;
		if (take(&r, ":") && !take_digits(&r, 2, &c.second)) return false;
		skip_fraction(&r);
		if (!take_offset(&r, &has_offset, &offset)) return false;
	}
	if (r.s.n || !in_range(&c)) return false;
	if (has_offset)
		*out = oc_zone_ms(oc_zone_get("UTC", NULL), &c) - (int64_t)offset * 1000;
	else
		*out = oc_zone_ms(zone, &c);
	return true;
}

bool oc_parse_moment(struct oc_str text, const struct oc_zone *zone, int64_t now_ms, int64_t *out)
{
	int64_t ms;

	text = oc_str_trim(text);
	if (text.n && !isdigit((unsigned char)text.p[text.n - 1]) && oc_parse_duration(text, &ms)) {
		*out = now_ms + ms;
		return true;
	}
	return read_iso(text, zone, out);
}

/* ---- cron expressions ---- */

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
				      "jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

struct field {
	const char *name;
	int min, max;
	const char *const *names; /* of min and up; NULL */
	int n_names;
};
static const struct field fields[] = {
	{ "second", 0, 59, NULL, 0 },	{ "minute", 0, 59, NULL, 0 },
	{ "hour", 0, 23, NULL, 0 },	{ "day of month", 1, 31, NULL, 0 },
	{ "month", 1, 12, months, 12 }, { "day of week", 0, 7, weekdays, 7 },
};
enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS, LAST_DAY = 1 };

static bool read_value(const struct field *f, struct oc_str s, int *out)
{
	int64_t n;

	for (int i = 0; i < f->n_names; i++)
		if (oc_str_ieq(s, oc_str(f->names[i]))) {
			*out = f->min + i;
			return true;
		}
	if (!s.n || !isdigit((unsigned char)s.p[0]) || !oc_parse_int(s, f->min, f->max, &n))
		return false;
	*out = (int)n;
	return true;
}

/* "*", "5", "1-5", "mon-fri", each with "/2" behind it. */
static bool read_item(const struct field *f, struct oc_str item, uint64_t *set)
{
	size_t slash = oc_str_find(item, OC_LIT("/"), 0), dash;
	struct oc_str range = oc_str_head(item, slash);
	int low = f->min, high = f->max;
	int64_t step = 1;

	if (slash != SIZE_MAX && !oc_parse_int(oc_str_from(item, slash + 1), 1, f->max, &step))
		return false;
	dash = oc_str_find(range, OC_LIT("-"), 0);
	if (f == &fields[DAY] && oc_str_ieq(item, OC_LIT("L"))) {
		*set |= LAST_DAY;
		return true;
	}
	if (!oc_str_eq(range, OC_LIT("*"))) {
		if (!read_value(f, oc_str_head(range, dash), &low)) return false;
		if (dash == SIZE_MAX)
			high = slash == SIZE_MAX ? low : f->max;
		else if (!read_value(f, oc_str_from(range, dash + 1), &high))
			return false;
	}
	if (low > high) return false;
	for (int i = low; i <= high; i += (int)step) *set |= UINT64_C(1) << i;
	return true;
}

static bool read_field(const struct field *f, struct oc_str text, uint64_t *set)
{
	*set = 0;
	while (text.n) {
		size_t comma = oc_str_find(text, OC_LIT(","), 0);

		if (!read_item(f, oc_str_head(text, comma), set)) return false;
		if (comma == SIZE_MAX) return true;
		text = oc_str_from(text, comma + 1);
		if (!text.n) return false;
	}
	return false;
}

static size_t split(struct oc_str expr, struct oc_str *words, size_t max)
{
	size_t n = 0;

	for (expr = oc_str_trim(expr); expr.n; expr = oc_str_trim(expr)) {
		size_t len = 0;

		while (len < expr.n && !oc_is_space(expr.p[len])) len++;
		if (n == max) return max + 1;
		words[n++] = oc_str_head(expr, len);
		expr = oc_str_from(expr, len);
	}
	return n;
}

static struct oc_str shorthand(struct oc_str expr)
{
	static const char *const known[][2] = {
		{ "@yearly", "0 0 1 1 *" },  { "@annually", "0 0 1 1 *" },
		{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
		{ "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
		{ "@hourly", "0 * * * *" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (oc_str_ieq(expr, oc_str(known[i][0]))) return oc_str(known[i][1]);
	return expr;
}

/* Stars count as "any" also with a step: "1,15 * mon" means the union only when both are given. */
static bool is_any(struct oc_str word)
{
	return word.n && (word.p[0] == '*' || word.p[0] == '?');
}

static enum oc_rc read_cron(struct oc_str expr, struct oc_schedule *s, struct oc_err *e)
{
	struct oc_str words[FIELDS];
	uint64_t sets[FIELDS];
	size_t n;

	if (expr.n > MAX_EXPR)
		return oc_fail(e, OC_E_INPUT, "schedule.expr is longer than %d characters",
			       MAX_EXPR);
	n = split(shorthand(oc_str_trim(expr)), words, FIELDS);
	if (n != FIELDS && n != FIELDS - 1)
		return oc_fail(
		    e, OC_E_INPUT,
		    "schedule.expr has to have 5 fields (minute hour day month weekday), or 6 with "
		    "seconds first: \"%.*s\"",
		    OC_FMT(oc_str_head(expr, 60)));
	if (n == FIELDS - 1) {
		memmove(words + 1, words, n * sizeof *words);
		words[SECOND] = OC_LIT("0");
	}
	for (int i = 0; i < FIELDS; i++) {
		struct oc_str word = oc_str_eq(words[i], OC_LIT("?")) ? OC_LIT("*") : words[i];

		if (!read_field(&fields[i], word, &sets[i]))
			return oc_fail(e, OC_E_INPUT, "schedule.expr: \"%.*s\" is no %s (%d-%d)",
				       OC_FMT(oc_str_head(words[i], 60)), fields[i].name,
				       fields[i].min, fields[i].max);
	}
	s->seconds = sets[SECOND];
	s->minutes = sets[MINUTE];
	s->hours = (uint32_t)sets[HOUR];
	s->days = (uint32_t)sets[DAY];
	s->months = (uint32_t)sets[MONTH];
	s->weekdays = (uint8_t)((sets[WEEKDAY] | sets[WEEKDAY] >> 7) & 0x7f); /* 7 is Sunday too */
	s->any_hour = is_any(words[HOUR]);
	s->any_day = is_any(words[DAY]);
	s->any_weekday = is_any(words[WEEKDAY]);
	return OC_OK;
}

/* ---- reading a schedule ---- */

static enum oc_rc read_at(const json_t *schedule, int64_t now_ms, struct oc_schedule *out,
			  struct oc_err *e)
{
	struct oc_str at = oc_json_str(schedule, "at");
	int64_t at_ms = oc_json_positive(schedule, "atMs");
	/* Without an offset it is UTC, unless a zone was named. */
	const struct oc_zone *zone =
	    oc_json_cstr(schedule, "tz") ? out->zone : oc_zone_get("UTC", NULL);

	out->kind = OC_SCHEDULE_AT;
	out->at_ms = at_ms;
	if (at_ms || oc_parse_moment(at, zone, now_ms, &out->at_ms)) return OC_OK;
	return oc_fail(
	    e, OC_E_INPUT,
	    "schedule.at has to be a time like 2026-12-24T18:00:00Z, or a duration like 20m");
}

static enum oc_rc read_every(const json_t *schedule, int64_t now_ms, struct oc_schedule *out,
			     struct oc_err *e)
{
	out->kind = OC_SCHEDULE_EVERY;
	out->every_ms = oc_json_positive(schedule, "everyMs");
	out->anchor_ms = oc_json_int(schedule, "anchorMs", now_ms);
	if (!out->every_ms && !oc_parse_duration(oc_json_str(schedule, "every"), &out->every_ms))
		out->every_ms = 0;
	if (oc_json_cstr(schedule, "tz") && out->every_ms % DAY_MS == 0)
		out->every_days = (int)(out->every_ms / DAY_MS);
	if (out->every_ms >= MIN_EVERY_MS && out->every_ms <= MAX_DURATION_MS) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "schedule.everyMs has to be at least %d", MIN_EVERY_MS);
}

enum oc_rc oc_schedule_parse(const json_t *schedule, int64_t now_ms, struct oc_schedule *out,
			     struct oc_err *e)
{
	const char *kind = oc_json_cstr(schedule, "kind"), *tz = oc_json_cstr(schedule, "tz");
	bool known;

	*out = (struct oc_schedule){ .stagger_ms = oc_json_positive(schedule, "staggerMs") };
	out->zone = oc_zone_get(tz, &known);
	if (tz && *tz && !known)
		return oc_fail(
		    e, OC_E_INPUT,
		    "schedule.tz: no such time zone: \"%.60s\" (write it like Europe/Berlin)", tz);
	if (kind && !strcmp(kind, "at")) return read_at(schedule, now_ms, out, e);
	if (kind && !strcmp(kind, "every")) return read_every(schedule, now_ms, out, e);
	if (kind && !strcmp(kind, "cron")) {
		out->kind = OC_SCHEDULE_CRON;
		return read_cron(oc_json_str(schedule, "expr"), out, e);
	}
	return oc_fail(e, OC_E_INPUT, "schedule.kind has to be at, every or cron");
}

/* ---- the next time ---- */

static bool day_matches(const struct oc_schedule *s, const struct oc_civil *c)
{
	bool last = s->days & LAST_DAY && c->day == oc_days_in_month(c->year, c->month);
	bool day = last || s->days >> c->day & 1, weekday = s->weekdays >> c->weekday & 1;

	if (!(s->months >> c->month & 1)) return false;
	if (s->any_day || s->any_weekday) return day && weekday;
	return day || weekday;
}

/* The next set bit from n on, -1 when there is none. */
static int next_bit(uint64_t set, int n)
{
	for (; n < 60; n++)
		if (set >> n & 1) return n;
	return -1;
}

/* Follows real time: every moment whose civil time fits. */
static int64_t next_moment(const struct oc_schedule *s, int64_t after_ms)
{
	int64_t t = (after_ms / 1000 + 1) * 1000;
	struct oc_civil c;
	int limit = MAX_YEARS * 366 + 48;

	while (limit > 0) {
		int minute, second;

		oc_zone_civil(s->zone, t, &c);
		if (!day_matches(s, &c)) {
			struct oc_civil next = { c.year, c.month, c.day + 1, 0, 0, 0, 0 };
			t = oc_zone_ms(s->zone, &next);
			limit--;
			continue;
		}
		minute = s->hours >> c.hour & 1 ? next_bit(s->minutes, c.minute) : -1;
		second = next_bit(s->seconds, minute == c.minute ? c.second : 0);
		if (minute == c.minute && second < 0) {
			minute = next_bit(s->minutes, c.minute + 1);
			second = next_bit(s->seconds, 0);
		}
		if (minute >= 0)
			return t + ((int64_t)(minute - c.minute) * 60 + second - c.second) * 1000;
		t += ((int64_t)(60 - c.minute) * 60 - c.second) * 1000;
	}
	return 0;
}

/* The first time of this day that is later than after_ms; 0 = none. */
static int64_t next_in_day(const struct oc_schedule *s, const struct oc_civil *day,
			   int64_t after_ms)
{
	for (int h = next_bit(s->hours, 0); h >= 0; h = next_bit(s->hours, h + 1))
		for (int m = next_bit(s->minutes, 0); m >= 0; m = next_bit(s->minutes, m + 1))
			for (int sec = next_bit(s->seconds, 0); sec >= 0;
			     sec = next_bit(s->seconds, sec + 1)) {
				struct oc_civil c = {
					day->year, day->month, day->day, h, m, sec, 0
				};
				int64_t ms = oc_zone_ms(s->zone, &c);

				if (ms > after_ms) return ms;
			}
	return 0;
}

static int64_t next_civil(const struct oc_schedule *s, int64_t after_ms)
{
	struct oc_civil day;
	int64_t noon;

	oc_zone_civil(s->zone, after_ms, &day);
	day.hour = 12; /* there is a noon on every day */
	day.minute = day.second = 0;
	noon = oc_zone_ms(s->zone, &day);
	for (int i = 0; i < MAX_YEARS * 366; i++) {
		int64_t found;

		found = day_matches(s, &day) ? next_in_day(s, &day, after_ms) : 0;
		if (found) return found;
		noon += 86400000;
		oc_zone_civil(s->zone, noon, &day);
	}
	return 0;
}

/* The anchor's time of day, so many days later. */
static int64_t next_of_days(const struct oc_schedule *s, int64_t after_ms)
{
	int64_t n = (after_ms - s->anchor_ms) / s->every_ms - 1, ms;
	struct oc_civil anchor;

	oc_zone_civil(s->zone, s->anchor_ms, &anchor);
	if (n < 0) n = 0;
	do {
		struct oc_civil c = anchor;

		c.day += (int)(n++ * s->every_days);
		ms = oc_zone_ms(s->zone, &c);
	} while (ms <= after_ms);
	return ms;
}

static int64_t next_of_every(const struct oc_schedule *s, int64_t after_ms)
{
	int64_t passed = after_ms - s->anchor_ms;

	if (passed < 0) return s->anchor_ms;
	if (s->every_days) return next_of_days(s, after_ms);
	return s->anchor_ms + (passed / s->every_ms + 1) * s->every_ms;
}

int64_t oc_schedule_next(const struct oc_schedule *s, int64_t after_ms)
{
	int64_t before = after_ms - s->stagger_ms, next;

	switch (s->kind) {
	case OC_SCHEDULE_AT: return s->at_ms > after_ms ? s->at_ms : 0;
	case OC_SCHEDULE_EVERY: return next_of_every(s, after_ms);
	case OC_SCHEDULE_CRON: break;
	}
	next = s->any_hour ? next_moment(s, before) : next_civil(s, before);
	return next ? next + s->stagger_ms : 0;
}
