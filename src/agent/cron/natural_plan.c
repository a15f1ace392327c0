/* From what a phrase says to a schedule, or to the question that is left. */
#include <stdio.h>

#include "agent/cron/natural_words.h"

enum { DAY_HOURS = 24, WEEK = 7, MONTHS = 12, EVERY_DAY = 0x7f, MAX_EXPR = 200 };
#define DAY_MS INT64_C(86400000)

struct plan {
	const struct oc_wish *w;
	const char *zone_name;
	const struct oc_zone *zone;
	int64_t now_ms;
	struct oc_civil now;
	struct oc_natural *out;
	struct oc_err *e;
};

static enum oc_rc ask(struct plan *p, const char *question)
{
	snprintf(p->out->question, sizeof p->out->question, "%s", question);
	return OC_OK;
}

static enum oc_rc refuse(struct plan *p, const char *why)
{
	return oc_fail(p->e, OC_E_INPUT, "%s", why);
}

static bool asked(const struct plan *p)
{
	return p->out->question[0] != '\0';
}

static unsigned bits(uint32_t set)
{
	return (unsigned)__builtin_popcount(set);
}

static int lowest(uint32_t set)
{
	return set ? __builtin_ctz(set) : -1;
}

/* ---- the time of day ---- */

static bool is_small(const struct oc_clock_time *t)
{
	return t->hour >= 1 && t->hour <= 6;
}

/* "8 in the evening" is 20; small hours of a night are those of the next day. */
static void apply_part(enum oc_day_part part, struct oc_clock_time *t)
{
	bool late = part == OC_P_EVENING || part == OC_P_NIGHT;

	if (t->fixed || part == OC_P_NONE) return;
	if (part == OC_P_MORNING && t->hour == 12)
		t->hour = 0;
	else if (part == OC_P_AFTERNOON && t->hour < 12)
		t->hour += 12;
	else if (late && t->hour == 12)
		t->hour = DAY_HOURS;
	else if (late && t->hour >= 1 && t->hour <= 4)
		t->hour += DAY_HOURS;
	else if (late && t->hour >= 5 && t->hour < 12)
		t->hour += 12;
}

static enum oc_rc ask_time(struct plan *p)
{
	static const char *const of_part[] = { "At what time?",
					       "At what time in the morning?",
					       "At what time around noon?",
					       "At what time in the afternoon?",
					       "At what time in the evening?",
					       "At what time in the night?" };

	return ask(p, of_part[p->w->part]);
}

static enum oc_rc ask_half(struct plan *p, const struct oc_clock_time *t)
{
	snprintf(p->out->question, sizeof p->out->question,
		 "Is that %d:%02d in the morning, or %d:%02d?", t->hour, t->minute, t->hour + 12,
		 t->minute);
	return OC_OK;
}

/* The times as they are meant; asks where that is open. */
static enum oc_rc settle_times(struct plan *p, struct oc_clock_time *out)
{
	const struct oc_wish *w = p->w;

	if (!w->n_times) return ask_time(p);
	for (size_t i = 0; i < w->n_times; i++) {
		out[i] = w->times[i];
		if (out[i].bare && !out[i].fixed && is_small(&out[i]) && w->part == OC_P_NONE)
			return ask_half(p, &out[i]);
		apply_part(w->part, &out[i]);
	}
	return OC_OK;
}

static int64_t moment(const struct plan *p, int year, int month, int day,
		      const struct oc_clock_time *t)
{
	const struct oc_civil c = { year, month, day, t->hour, t->minute, t->second, 0 };

	return oc_zone_ms(p->zone, &c);
}

static enum oc_rc once_at(struct plan *p, int64_t at_ms)
{
	if (at_ms < p->now_ms) return refuse(p, "that is in the past");
	p->out->schedule = json_pack("{s:s,s:I}", "kind", "at", "atMs", (json_int_t)at_ms);
	return OC_OK;
}

/* ---- spans ---- */

static void add_months(struct oc_civil *c, int months)
{
	int most;

	c->year += (c->month - 1 + months) / MONTHS;
	c->month = (c->month - 1 + months) % MONTHS + 1;
	most = oc_days_in_month(c->year, c->month);
	if (c->day > most) c->day = most;
}

static enum oc_rc plan_span(struct plan *p)
{
	const struct oc_wish *w = p->w;
	struct oc_clock_time times[OC_MAX_TIMES];
	struct oc_civil c = p->now;
	enum oc_rc rc;

	if (w->every || w->weekdays_plural || w->has_day)
		return refuse(p, "it names both a span and a day");
	if (!w->span_ms && !w->span_days && !w->span_months)
		return refuse(p, "a span of nothing is not possible");
	if (!w->span_days && !w->span_months) {
		if (w->n_times) return refuse(p, "it names both a span and a time of day");
		return once_at(p, p->now_ms + w->span_ms);
	}
	add_months(&c, w->span_months);
	c.day += w->span_days;
	if (!w->n_times && w->part == OC_P_NONE)
		return once_at(p, oc_zone_ms(p->zone, &c) + p->now_ms % 1000 + w->span_ms);
	rc = settle_times(p, times);
	if (rc || asked(p)) return rc;
	if (w->n_times > 1 || w->span_ms) return refuse(p, "it names more than one time");
	return once_at(p, moment(p, c.year, c.month, c.day, &times[0]));
}

/* ---- once ---- */

static int64_t on_weekday(const struct plan *p, const struct oc_clock_time *t)
{
	const struct oc_wish *w = p->w;
	int day = lowest(w->weekdays), ahead = (day - p->now.weekday + WEEK) % WEEK;

	if (w->next_week) /* weeks begin on Monday */
		ahead = WEEK - (p->now.weekday + 6) % WEEK + (day + 6) % WEEK;
	else if (ahead == 0 &&
		 (w->next || moment(p, p->now.year, p->now.month, p->now.day, t) <= p->now_ms))
		ahead = WEEK;
	return moment(p, p->now.year, p->now.month, p->now.day + ahead, t);
}

static int64_t on_date(const struct plan *p, int month, int day, const struct oc_clock_time *t)
{
	int year = p->w->year ? p->w->year : p->now.year;

	if (p->w->year) return moment(p, year, month, day, t);
	for (int i = 0; i <= 8; i++, year++) {
		if (day > oc_days_in_month(year, month)) continue;
		if (moment(p, year, month, day, t) > p->now_ms) break;
	}
	return moment(p, year, month, day, t);
}

/* The next 15th, the next last day. */
static int64_t on_day_of_month(const struct plan *p, const struct oc_clock_time *t)
{
	int day = lowest(p->w->days);

	for (int i = p->w->next_month ? 1 : 0; i <= MONTHS; i++) {
		int m = p->now.month - 1 + i, year = p->now.year + m / MONTHS;
		int last = oc_days_in_month(year, m % MONTHS + 1);
		int64_t ms;

		if (day > last) continue;
		ms = moment(p, year, m % MONTHS + 1, p->w->last_day ? last : day, t);
		if (ms > p->now_ms) return ms;
	}
	return 0;
}

static const char *what_is_open(const struct oc_wish *w)
{
	if (w->set == 0x41) return "On Saturday or on Sunday, and at what time?";
	if (w->set) return "On which day, or on every weekday?";
	if (bits(w->weekdays) > 1) return "Every week on these days, or on one of them only?";
	if (w->of_month) return w->days || w->last_day ? "Every month, or once?" : "On which day?";
	if (bits(w->days) > 1) return "Every month on these days, or on one of them only?";
	if (w->next_week && !w->weekdays) return "On which day of next week, and at what time?";
	if (w->next_month && !w->days && !w->last_day)
		return "On which day of next month, and at what time?";
	if (w->months && !w->day && !w->days && !w->last_day) return "On which day of that month?";
	if (w->n_times > 1) return "At which of these times?";
	return NULL;
}

static enum oc_rc check_weekday(struct plan *p, int64_t at_ms)
{
	static const char *const names[] = { "Sunday",	 "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday" };
	struct oc_civil c;

	oc_zone_civil(p->zone, at_ms, &c);
	if (!p->w->weekdays || p->w->weekdays >> c.weekday & 1) return OC_OK;
	return oc_fail(p->e, OC_E_INPUT, "%04d-%02d-%02d is a %s", c.year, c.month, c.day,
		       names[c.weekday]);
}

static int64_t when_once(const struct plan *p, const struct oc_clock_time *t)
{
	const struct oc_wish *w = p->w;
	int64_t today = moment(p, p->now.year, p->now.month, p->now.day, t);

	if (w->day) return on_date(p, lowest(w->months), w->day, t);
	if (w->days && w->months) return on_date(p, lowest(w->months), lowest(w->days), t);
	if (w->days || w->last_day) return on_day_of_month(p, t);
	if (w->day_offset >= 0)
		return moment(p, p->now.year, p->now.month, p->now.day + w->day_offset, t);
	if (w->weekdays) return on_weekday(p, t);
	return today > p->now_ms ? today : moment(p, p->now.year, p->now.month, p->now.day + 1, t);
}

/* Midnight of a day is its beginning for some and its end for others. */
static enum oc_rc settle_midnight(struct plan *p, struct oc_clock_time *t)
{
	const struct oc_wish *w = p->w;
	bool named = w->has_day || w->days || w->last_day;

	if (!t->midnight || !named) return OC_OK;
	if (w->day_offset != 0)
		return ask(p, "Do you mean the beginning of that day (0:00) or its end (24:00)?");
	t->hour = DAY_HOURS; /* that of today's beginning is gone */
	return OC_OK;
}

static enum oc_rc plan_once(struct plan *p)
{
	struct oc_clock_time times[OC_MAX_TIMES];
	const char *open = what_is_open(p->w);
	enum oc_rc rc;

	if (open) return ask(p, open);
	if ((p->w->day || p->w->days) && p->w->day_offset >= 0)
		return refuse(p, "it names two days");
	if (!p->w->has_day && !p->w->days && !p->w->last_day && !p->w->n_times &&
	    p->w->part == OC_P_NONE)
		return refuse(p, "it names no time");
	rc = settle_times(p, times);
	if (!rc && !asked(p)) rc = settle_midnight(p, &times[0]);
	if (rc || asked(p)) return rc;
	int64_t at_ms = when_once(p, &times[0]);
	rc = check_weekday(p, at_ms);
	return rc ? rc : once_at(p, at_ms);
}

/* ---- again and again: cron expressions ---- */

static void add_list(struct oc_buf *b, uint64_t set, const char *all)
{
	bool first = true;

	if (!set) oc_buf_adds(b, all);
	for (int i = 0; i < 64; i++) {
		int end = i;

		if (!(set >> i & 1)) continue;
		while (end < 63 && set >> (end + 1) & 1) end++;
		oc_buf_addf(b, first ? "%d" : ",%d", i);
		if (end > i + 1)
			oc_buf_addf(b, "-%d", end);
		else
			end = i;
		first = false;
		i = end;
	}
}

static uint8_t weekdays_of(const struct oc_wish *w)
{
	uint8_t days = w->weekdays | w->set;

	return days == EVERY_DAY ? 0 : days;
}

static json_t *in_zone(const struct plan *p, json_t *schedule)
{
	bool known;

	oc_zone_get(p->zone_name, &known);
	if (known && p->zone_name && *p->zone_name)
		oc_json_put(schedule, "tz", json_string(p->zone_name));
	return schedule;
}

static enum oc_rc give_cron(struct plan *p, const struct oc_buf *expr)
{
	json_t *schedule = in_zone(p, json_pack("{s:s,s:s,s:i}", "kind", "cron", "expr",
						oc_buf_cstr(expr), "staggerMs", 0));
	struct oc_schedule s;
	enum oc_rc rc = oc_schedule_parse(schedule, p->now_ms, &s, p->e);

	if (!rc && !oc_schedule_next(&s, p->now_ms)) rc = refuse(p, "that day never comes");
	if (rc) {
		json_decref(schedule);
		return rc;
	}
	p->out->schedule = schedule;
	return OC_OK;
}

/* Hours of different minutes are no one expression. */
static bool add_times(const struct oc_clock_time *t, size_t n, struct oc_buf *out)
{
	uint64_t hours = 0, minutes = 0;
	bool one_minute = true, one_hour = true;

	for (size_t i = 0; i < n; i++) {
		one_minute = one_minute && t[i].minute == t[0].minute;
		one_hour = one_hour && t[i].hour == t[0].hour;
		if (t[i].second != t[0].second) return false;
		hours |= UINT64_C(1) << t[i].hour % DAY_HOURS;
		minutes |= UINT64_C(1) << t[i].minute;
	}
	if (!one_minute && !one_hour) return false;
	if (t[0].second) oc_buf_addf(out, "%d ", t[0].second);
	add_list(out, minutes, "0");
	oc_buf_addc(out, ' ');
	add_list(out, hours, "0");
	return true;
}

/* Every n-th month from the one in which it comes first. */
static uint32_t months_of(const struct plan *p, const struct oc_clock_time *t)
{
	int64_t n = p->w->every_unit == OC_U_MONTH ? p->w->every_n : 1;
	uint32_t set = p->w->months;
	struct oc_civil first;

	if (n <= 1 || set) return set;
	oc_zone_civil(p->zone, on_day_of_month(p, t), &first);
	for (int i = 0; i < MONTHS; i += (int)n)
		set |= UINT32_C(1) << ((first.month - 1 + i) % MONTHS + 1);
	return set;
}

static enum oc_rc give_calendar(struct plan *p, const struct oc_clock_time *t)
{
	const struct oc_wish *w = p->w;
	uint32_t days = w->days | (w->day ? UINT32_C(1) << w->day : 0);
	struct oc_buf expr;
	enum oc_rc rc;

	oc_buf_init(&expr, MAX_EXPR);
	if (add_times(t, w->n_times, &expr)) {
		oc_buf_addc(&expr, ' ');
		add_list(&expr, days, w->last_day ? "L" : "*");
		if (days && w->last_day) oc_buf_adds(&expr, ",L");
		oc_buf_addc(&expr, ' ');
		add_list(&expr, months_of(p, t), "*");
		oc_buf_addc(&expr, ' ');
		add_list(&expr, weekdays_of(w), "*");
		rc = give_cron(p, &expr);
	} else
		rc = refuse(p, "these times need a job each");
	oc_buf_deinit(&expr);
	return rc;
}

/* ---- again and again: so many days apart ---- */

static enum oc_rc give_days(struct plan *p, int64_t days, int64_t first_ms)
{
	p->out->schedule =
	    in_zone(p, json_pack("{s:s,s:I,s:I}", "kind", "every", "everyMs",
				 (json_int_t)(days * DAY_MS), "anchorMs", (json_int_t)first_ms));
	return OC_OK;
}

static enum oc_rc plan_days_apart(struct plan *p)
{
	const struct oc_wish *w = p->w;
	int64_t days = w->every_n * (w->every_unit == OC_U_WEEK ? WEEK : 1);
	struct oc_clock_time times[OC_MAX_TIMES];
	enum oc_rc rc;

	if (days > 3650) return refuse(p, "that is too far apart");
	if (w->set || w->days || w->day || w->months || bits(w->weekdays) > 1 ||
	    (w->weekdays && days % WEEK))
		return refuse(p, "these days and this interval do not go together");
	if (!w->n_times && !w->weekdays && w->part == OC_P_NONE)
		return give_days(p, days, p->now_ms + days * DAY_MS);
	if (w->every_unit == OC_U_WEEK && !w->weekdays) return ask(p, "On which day of the week?");
	rc = settle_times(p, times);
	if (rc || asked(p)) return rc;
	if (w->n_times > 1) return refuse(p, "these times need a job each");
	return give_days(p, days, when_once(p, &times[0]));
}

/* ---- again and again: within the day ---- */

static enum oc_rc add_step(struct plan *p, int64_t n, int of, const char *range, struct oc_buf *b)
{
	if (n > of || of % n)
		return refuse(p, "this interval does not divide the hour or the day evenly, so it "
				 "cannot be bound to days or hours");
	oc_buf_adds(b, range);
	if (n > 1 && n < of) oc_buf_addf(b, "/%d", (int)n);
	return OC_OK;
}

static enum oc_rc give_bound_steps(struct plan *p)
{
	const struct oc_wish *w = p->w;
	bool hours = w->every_unit == OC_U_HOUR;
	int until = w->to_hour - (hours ? 0 : 1); /* the last hour is the end of minutes */
	char window[24] = "*";
	struct oc_buf expr;
	enum oc_rc rc = OC_OK;

	if (w->has_window) snprintf(window, sizeof window, "%d-%d", w->from_hour, until);
	if (w->has_window && until == w->from_hour)
		snprintf(window, sizeof window, "%d", w->from_hour);
	oc_buf_init(&expr, MAX_EXPR);
	if (hours) {
		oc_buf_addf(&expr, "%d ", w->at_minute < 0 ? 0 : w->at_minute);
		rc = add_step(p, w->every_n, DAY_HOURS, window, &expr);
	} else {
		rc = add_step(p, w->every_n, 60, "*", &expr);
		oc_buf_addf(&expr, w->every_unit == OC_U_SECOND ? " * %s" : " %s", window);
	}
	oc_buf_adds(&expr, " * * ");
	add_list(&expr, weekdays_of(w), "*");
	if (!rc) rc = give_cron(p, &expr);
	oc_buf_deinit(&expr);
	return rc;
}

static enum oc_rc plan_within_day(struct plan *p)
{
	static const int64_t ms[] = { 1000, 60000, 3600000 };
	const struct oc_wish *w = p->w;

	if (w->n_times || w->day || w->days || w->months || w->part != OC_P_NONE)
		return refuse(p,
			      "an interval of hours or less goes with weekdays and with \"from 9 "
			      "to 17\" alone");
	if (w->has_window || w->at_minute >= 0 || weekdays_of(w)) return give_bound_steps(p);
	p->out->schedule = json_pack("{s:s,s:I,s:I}", "kind", "every", "everyMs",
				     (json_int_t)(w->every_n * ms[w->every_unit]), "anchorMs",
				     (json_int_t)p->now_ms);
	return OC_OK;
}

/* ---- again and again ---- */

static const char *what_is_open_again(const struct oc_wish *w)
{
	bool has_date = w->days || w->day || w->last_day;

	if (w->every_unit == OC_U_WEEK && !w->weekdays && !w->set)
		return "On which day of the week?";
	if ((w->every_unit == OC_U_MONTH || w->of_month) && !has_date)
		return "On which day of the month?";
	if (w->every_unit == OC_U_YEAR && !(has_date && w->months)) return "On which date?";
	if (w->months && !has_date && !weekdays_of(w)) return "On which day of the month?";
	return NULL;
}

static const char *what_is_wrong_again(const struct oc_wish *w)
{
	if (w->day_offset >= 0) return "it says both every and one day";
	if (w->year) return "it says both every and one year";
	if (w->has_window) return "hours from and to go with an interval, like every 30 minutes";
	if ((w->weekdays || w->set) && (w->days || w->day || w->last_day))
		return "a weekday and a day of the month together are not possible";
	if (w->every_unit == OC_U_MONTH && (w->every_n > 12 || 12 % w->every_n))
		return "so many months apart is not possible: 1, 2, 3, 4, 6 or 12 are";
	if (w->every_unit == OC_U_YEAR && w->every_n > 1) return "only every year is possible";
	return NULL;
}

static enum oc_rc plan_again(struct plan *p)
{
	const struct oc_wish *w = p->w;
	struct oc_clock_time times[OC_MAX_TIMES];
	bool apart = w->every_n > 1 && (w->every_unit == OC_U_DAY || w->every_unit == OC_U_WEEK);
	const char *wrong = what_is_wrong_again(w), *open;
	enum oc_rc rc;

	if (w->every_n && w->every_unit <= OC_U_HOUR)
		return w->day_offset >= 0 ? refuse(p, wrong) : plan_within_day(p);
	if (wrong) return refuse(p, wrong);
	if (apart) return plan_days_apart(p);
	open = what_is_open_again(w);
	if (open) return ask(p, open);
	rc = settle_times(p, times);
	if (rc || asked(p)) return rc;
	for (size_t i = 0; i < w->n_times; i++)
		if ((times[i].midnight || times[i].hour >= DAY_HOURS) &&
		    (weekdays_of(w) || w->days || w->day))
			return ask(p, "The night before that day, or the one after it? Write the "
				      "day and 0:00.");
	return give_calendar(p, times);
}

enum oc_rc oc_natural_plan(const struct oc_wish *w, const char *zone, int64_t now_ms,
			   struct oc_natural *out, struct oc_err *e)
{
	struct plan p = { .w = w,
			  .zone_name = zone,
			  .zone = oc_zone_get(zone, NULL),
			  .now_ms = now_ms,
			  .out = out,
			  .e = e };

	oc_zone_civil(p.zone, now_ms, &p.now);
	if (w->vague) return ask(&p, w->vague);
	if (w->has_span) return plan_span(&p);
	if (w->now) return once_at(&p, now_ms);
	return w->every || w->weekdays_plural ? plan_again(&p) : plan_once(&p);
}

/* ---- saying it ---- */

void oc_natural_moment(int64_t at_ms, const struct oc_zone *zone, struct oc_buf *out)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct oc_civil c;

	oc_zone_civil(zone, at_ms, &c);
	oc_buf_addf(out, "%s %04d-%02d-%02d %02d:%02d", days[c.weekday], c.year, c.month, c.day,
		    c.hour, c.minute);
	if (c.second) oc_buf_addf(out, ":%02d", c.second);
}

void oc_schedule_echo(const struct oc_schedule *s, const struct oc_zone *zone,
		      const char *zone_name, int64_t now_ms, size_t n, struct oc_buf *out)
{
	int64_t at = s->kind == OC_SCHEDULE_AT && s->at_ms >= now_ms ? now_ms - 1 : now_ms;

	for (size_t i = 0; i < n && (at = oc_schedule_next(s, at)); i++) {
		if (i) oc_buf_adds(out, ", ");
		oc_natural_moment(at, zone, out);
	}
	if (zone_name) oc_buf_addf(out, " (%s)", zone_name);
}
