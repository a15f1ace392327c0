/* Times of day of a phrase, and the hours between which it holds. */
#include "agent/cron/natural_read.h"

enum {
	NO_NIGHT = 5, /* 5:30 is a time to get up; 3:30 is rather 15:30 */
};

/* ---- clock times ---- */

static bool set_clock(struct parser *p, int64_t h, int64_t m, int64_t s, struct oc_clock_time *out)
{
	if (h > DAY_HOURS || m > 59 || s > 59 || (h == DAY_HOURS && (m || s))) {
		wrong(p, "there is no such time of day");
		return false;
	}
	*out = (struct oc_clock_time){ .hour = (int)h, .minute = (int)m, .second = (int)s };
	return true;
}

/* am, pm, "o'clock", "Uhr" behind a time; how many words. */
static size_t read_suffix(struct parser *p, size_t k, struct oc_clock_time *t)
{
	const struct oc_token *next = look(p, k);
	size_t n = 0;

	if (next->class == OC_W_CLOCK) {
		t->fixed = t->fixed || next->value == 1;
		t->bare = t->bare && next->value != 1;
		next = look(p, k + ++n);
	}
	if (next->class != OC_W_MERIDIEM || (p->german && next->value == 0)) return n;
	if (t->hour < 1 || t->hour > 12) {
		wrong(p, "with am or pm the hours go from 1 to 12");
		return n;
	}
	t->hour = t->hour % 12 + (int)next->value;
	t->fixed = true;
	t->bare = false;
	return n + 1;
}

/* "8:30", "8:30:15", "8.30 Uhr", "18.30" */
static size_t read_digital(struct parser *p, size_t k, struct oc_clock_time *t)
{
	bool dot = is_punct(p, k + 1, '.');
	int64_t seconds = 0;
	size_t n = 3;

	if (!look(p, k)->is_number || !(dot || is_punct(p, k + 1, ':')) || !look(p, k + 1)->glued ||
	    !is_glued_number(p, k + 2) || look(p, k + 2)->digits != 2)
		return 0;
	if (dot && look(p, k + 2)->value <= 12 && !is(p, k + 3, OC_W_CLOCK) &&
	    !is(p, k + 3, OC_W_MERIDIEM))
		return 0;
	if (!dot && is_punct(p, k + 3, ':') && is_glued_number(p, k + 4)) {
		seconds = look(p, k + 4)->value;
		n = 5;
	}
	if (!set_clock(p, look(p, k)->value, look(p, k + 2)->value, seconds, t)) return n;
	t->fixed = look(p, k)->digits == 2 && look(p, k)->value < 10; /* 08:30 */
	t->bare = !p->german && look(p, k)->digits == 1 && t->hour < NO_NIGHT;
	return n + read_suffix(p, k + n, t);
}

static bool is_hour(const struct parser *p, size_t k, int64_t *hour)
{
	const struct oc_token *t = look(p, k);

	if (t->is_number && t->digits <= 2) return *hour = t->value, true;
	if (t->class != OC_W_NUMBER || t->value > 12 * THOUSAND || t->text.n < 3) return false;
	return *hour = t->value / THOUSAND, true;
}

/* "9 am", "9 o'clock", "9 Uhr", "9 Uhr 30": an hour with a word that says so. */
static size_t read_marked_hour(struct parser *p, size_t k, struct oc_clock_time *t)
{
	bool clock = is(p, k + 1, OC_W_CLOCK);
	int64_t hour, minute = 0;
	size_t n = 1;

	if (!is_hour(p, k, &hour)) return 0;
	if (!clock && !is(p, k + 1, OC_W_MERIDIEM)) return 0;
	if (p->german && is(p, k + 1, OC_W_MERIDIEM) && look(p, k + 1)->value == 0) return 0;
	if (clock && look(p, k + 1)->value == 1 && look(p, k + 2)->is_number &&
	    !is_punct(p, k + 3, '.') && !is(p, k + 3, OC_W_MONTH)) {
		minute = look(p, k + 2)->value;
		if (set_clock(p, hour, minute, 0, t)) t->fixed = true;
		return 3;
	}
	if (!set_clock(p, hour, 0, 0, t)) return n;
	t->bare = true;
	return n + read_suffix(p, k + n, t);
}

/* Minutes before or after an hour: "half past 8", "quarter to 9", "10 past 8", "halb 9". */
static size_t read_spoken(struct parser *p, size_t k, struct oc_clock_time *t)
{
	int64_t minutes = 0, hour;
	size_t n = 1, article = 0;
	bool before;

	if (is(p, k, OC_W_HALF) && look(p, k)->value == 1 && is_hour(p, k + 1, &hour)) {
		if (set_clock(p, (hour + 11) % 12, 30, 0, t)) t->bare = true;
		return 2;
	}
	if (is(p, k, OC_W_NUMBER) && look(p, k)->text.n == 1) article = 1; /* "a quarter past" */
	k += article;
	if (is(p, k, OC_W_HALF))
		minutes = 30;
	else if (is(p, k, OC_W_QUARTER))
		minutes = 15;
	else if (!is_hour(p, k, &minutes) || (p->w->every_n && p->w->every_unit <= OC_U_HOUR))
		return 0;
	if (is(p, k + n, OC_W_UNIT) && look(p, k + n)->value == OC_U_MINUTE) n++;
	before = is(p, k + n, OC_W_TO);
	if (!before && !is(p, k + n, OC_W_PAST)) return 0;
	if (!is_hour(p, k + n + 1, &hour) || minutes > 59) return 0;
	if (before) hour = (hour + DAY_HOURS - 1) % DAY_HOURS;
	if (set_clock(p, hour, before ? 60 - minutes : minutes, 0, t)) t->bare = true;
	return article + n + 2 + read_suffix(p, k + n + 2, t);
}

/* Appends nothing; how many words from k on are a time of day. */
static size_t read_clock(struct parser *p, size_t k, struct oc_clock_time *t)
{
	size_t n = 0;

	if (is(p, k, OC_W_NOON)) {
		*t = (struct oc_clock_time){ .hour = (int)look(p, k)->value,
					     .fixed = true,
					     .midnight = !look(p, k)->value };
		return 1;
	}
	/* "12 noon" */
	if (look(p, k)->is_number && look(p, k)->value == 12 && is(p, k + 1, OC_W_NOON)) {
		*t = (struct oc_clock_time){ .hour = (int)look(p, k + 1)->value,
					     .fixed = true,
					     .midnight = !look(p, k + 1)->value };
		return 2;
	}
	n = read_digital(p, k, t);
	if (!n) n = read_marked_hour(p, k, t);
	if (!n) n = read_spoken(p, k, t);
	return n;
}

static bool add_time(struct parser *p, const struct oc_clock_time *t)
{
	struct oc_wish *w = p->w;

	if (p->rc) return true;
	if (w->n_times == OC_MAX_TIMES) return wrong(p, "that is too many times");
	w->times[w->n_times++] = *t;
	return true;
}

bool oc_rule_clock_time(struct parser *p)
{
	struct oc_clock_time t = { 0 };
	size_t n = read_clock(p, 0, &t);

	if (!n) return false;
	take(p, n);
	return add_time(p, &t);
}

/* "at minute 15", ":15" of every hour */
bool oc_rule_minute_of_hour(struct parser *p)
{
	if (!is_punct(p, 0, ':') || !is_glued_number(p, 1)) return false;
	if (look(p, 1)->value > 59) return wrong(p, "an hour has minutes from 0 to 59");
	p->w->at_minute = (int)look(p, 1)->value;
	return take(p, 2);
}

/* What is left of numbers: "at 8", "tomorrow 9", "at 0900". */
bool oc_rule_bare_hour(struct parser *p)
{
	const struct oc_token *t = look(p, 0);
	struct oc_clock_time time = { 0 };
	int64_t hour;

	if (t->is_number && t->digits == 4 && (t->text.p[0] == '0' || p->at) &&
	    set_clock(p, t->value / 100, t->value % 100, 0, &time)) {
		time.fixed = true;
		take(p, 1);
		return add_time(p, &time);
	}
	if (p->rc) return true;
	if (t->is_number && t->digits > 2) return wrong(p, "this number is no time");
	if (!is_hour(p, 0, &hour)) return false;
	if (!set_clock(p, hour, 0, 0, &time)) return true;
	time.bare = t->digits < 2; /* 03 is of a 24-hour clock */
	take(p, 1);
	return add_time(p, &time);
}

/* ---- hours of the day: "from 9 to 17", "between 8 am and 6 pm", "9-17" ---- */

static size_t read_window_end(struct parser *p, size_t k, struct oc_clock_time *t)
{
	size_t n = 0;
	int64_t hour;

	/* "9 to 17" is no time of its own here */
	n = read_digital(p, k, t);
	if (!n) n = read_marked_hour(p, k, t);
	if (n || !is_hour(p, k, &hour) || !set_clock(p, hour, 0, 0, t)) return n;
	return 1;
}

bool oc_rule_window(struct parser *p)
{
	size_t k = is(p, 0, OC_W_FROM), n, m;
	struct oc_clock_time from, to;
	bool small = p->w->every_n && p->w->every_unit <= OC_U_HOUR;

	if (!k && !small) return false;
	n = read_window_end(p, k, &from);
	if (p->rc) return true;
	if (!n || !(is(p, k + n, OC_W_TO) || is(p, k + n, OC_W_AND) || is_punct(p, k + n, '-')))
		return false;
	m = read_window_end(p, k + n + 1, &to);
	if (p->rc) return true;
	if (!m) return false;
	if (from.minute || to.minute) return wrong(p, "only whole hours can bound it");
	if (from.hour >= to.hour) return wrong(p, "the hours have to be of one day: from 9 to 17");
	p->w->has_window = true;
	p->w->from_hour = from.hour;
	p->w->to_hour = to.hour == DAY_HOURS ? DAY_HOURS - 1 : to.hour;
	return take(p, k + n + 1 + m);
}
