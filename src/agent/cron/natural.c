/* What a phrase says about time, word by word. What it comes to: natural_plan.c. */
#include "agent/cron/natural_words.h"

enum {
	THOUSAND = 1000,
	DAY_HOURS = 24,
	NO_NIGHT = 5, /* 5:30 is a time to get up; 3:30 is rather 15:30 */
};
#define MAX_AMOUNT INT64_C(1000000)

struct parser {
	struct oc_tokens tokens;
	size_t at;
	struct oc_wish *w;
	bool german; /* so that "am" is never the morning */
	struct oc_str text;
	enum oc_rc rc;
	struct oc_err *e;
};

static const struct oc_token *look(const struct parser *p, size_t k)
{
	size_t i = p->at + k;

	return &p->tokens.v[i < p->tokens.n ? i : p->tokens.n];
}

static bool is(const struct parser *p, size_t k, enum oc_word_class class)
{
	return look(p, k)->class == class;
}

static bool was(const struct parser *p, enum oc_word_class class)
{
	return p->at && p->tokens.v[p->at - 1].class == class;
}

static bool is_punct(const struct parser *p, size_t k, char c)
{
	return look(p, k)->punct == c;
}

/* A number behind a sign without a space: "30" of ":30". */
static bool is_glued_number(const struct parser *p, size_t k)
{
	return look(p, k)->is_number && look(p, k)->glued;
}

static bool wrong(struct parser *p, const char *why)
{
	p->rc = oc_fail(p->e, OC_E_INPUT, "\"%.*s\": %s", OC_FMT(oc_natural_shown(p->text)), why);
	return true;
}

static bool take(struct parser *p, size_t n)
{
	p->at += n;
	return true;
}

static void skip_fill(const struct parser *p, size_t *k)
{
	while (is(p, *k, OC_W_FILL)) (*k)++;
}

/* ---- amounts: "20", "1.5", "two", "half an", "one and a half" ---- */

static size_t read_fraction(const struct parser *p, size_t k, int64_t *thousandths)
{
	const struct oc_token *mark = look(p, k), *digits = look(p, k + 1);
	int64_t scale = 100;

	if ((mark->punct != '.' && mark->punct != ',') || !mark->glued ||
	    !is_glued_number(p, k + 1))
		return 0;
	if (digits->digits > 3) return 0;
	for (unsigned i = 1; i < digits->digits; i++) scale /= 10;
	*thousandths += digits->value * scale;
	return 2;
}

static size_t read_number(const struct parser *p, size_t k, int64_t *thousandths)
{
	const struct oc_token *t = look(p, k);

	if (t->is_number) {
		if (t->value > MAX_AMOUNT) return 0;
		*thousandths = t->value * THOUSAND;
		return 1 + read_fraction(p, k + 1, thousandths);
	}
	if (t->class != OC_W_NUMBER) return 0;
	*thousandths = t->value;
	if (!is(p, k + 1, OC_W_NUMBER)) return 1;
	/* "a couple", "twenty five" */
	if (t->value == THOUSAND ||
	    (t->value >= 20 * THOUSAND && look(p, k + 1)->value < 10 * THOUSAND)) {
		int64_t second = look(p, k + 1)->value;

		*thousandths = t->value == THOUSAND ? second : t->value + second;
		return 2;
	}
	return 1;
}

/* "half an", "a half", "a quarter of an". */
static size_t read_part_of_one(const struct parser *p, size_t k, int64_t *thousandths)
{
	size_t n = k;

	if (is(p, n, OC_W_NUMBER) && look(p, n)->value == THOUSAND) n++;
	if (is(p, n, OC_W_HALF))
		*thousandths = THOUSAND / 2;
	else if (is(p, n, OC_W_QUARTER))
		*thousandths = THOUSAND / 4;
	else
		return 0;
	n++;
	skip_fill(p, &n);
	if (is(p, n, OC_W_NUMBER) && look(p, n)->value == THOUSAND) n++;
	return n - k;
}

static size_t read_amount(const struct parser *p, size_t k, int64_t *thousandths)
{
	int64_t half;
	size_t n = read_part_of_one(p, k, thousandths), more;

	if (n) return n;
	n = read_number(p, k, thousandths);
	if (!n || !is(p, k + n, OC_W_AND)) return n;
	more = read_part_of_one(p, k + n + 1, &half);
	if (!more) return n;
	*thousandths += half;
	return n + 1 + more;
}

struct span {
	int64_t ms;
	int days, months;
};

static bool add_to_span(struct span *s, int64_t thousandths, enum oc_time_unit unit)
{
	static const int64_t ms[] = { 1000, 60000, 3600000, 86400000, 604800000 };
	int64_t whole = thousandths / THOUSAND;
	bool exact = thousandths % THOUSAND == 0;

	if (thousandths > MAX_AMOUNT * THOUSAND) return false;
	if (unit <= OC_U_HOUR || (!exact && unit <= OC_U_WEEK))
		s->ms += thousandths * (ms[unit] / THOUSAND);
	else if (!exact || whole > 36500)
		return false;
	else if (unit <= OC_U_WEEK)
		s->days += (int)whole * (unit == OC_U_WEEK ? 7 : 1);
	else
		s->months += (int)whole * (unit == OC_U_YEAR ? 12 : 1);
	return true;
}

/* "a couple of" */
static size_t skip_of(const struct parser *p, size_t from, size_t n)
{
	return n + (!look(p, from)->is_number && oc_str_ieq(look(p, from + n)->text, OC_LIT("of")));
}

/* "20 minutes", "1h30m", "2 hours and 15 minutes": how many words, 0 = it is none. */
static size_t read_span(const struct parser *p, size_t k, struct span *out)
{
	size_t end = k, n;
	int64_t amount;

	*out = (struct span){ 0 };
	for (;;) {
		size_t from = end;

		if (end > k && is(p, from, OC_W_AND)) from++;
		n = read_amount(p, from, &amount);
		if (n) n = skip_of(p, from, n);
		if (!n || oc_natural_unit(look(p, from + n)) == OC_U_NONE) return end - k;
		if (!add_to_span(out, amount, oc_natural_unit(look(p, from + n)))) return end - k;
		end = from + n + 1;
	}
}

/* ---- spans: "in 20 minutes", "20 minutes from now", "20m" ---- */

static bool span(struct parser *p)
{
	size_t k = is(p, 0, OC_W_IN), n;
	struct span s;
	int64_t amount;

	n = read_span(p, k, &s);
	if (!n) {
		n = k ? read_amount(p, k, &amount) : 0;
		if (!n || p->at + k + n < p->tokens.n) return false;
		p->w->vague = "Do you mean minutes, hours or days?";
		return take(p, k + n);
	}
	if (is(p, k + n, OC_W_PAST) || is(p, k + n, OC_W_TO)) return false; /* a clock time */
	if (p->w->has_span) return wrong(p, "it names two spans of time");
	p->w->in = k > 0;
	p->w->has_span = true;
	p->w->span_ms = s.ms;
	p->w->span_days = s.days;
	p->w->span_months = s.months;
	if (is(p, k + n, OC_W_FROM) && is(p, k + n + 1, OC_W_NOW)) n += 2;
	return take(p, k + n);
}

/* ---- intervals: "every 2 hours", "every other day", "every 2nd week" ---- */

static bool set_interval(struct parser *p, int64_t n, enum oc_time_unit unit)
{
	p->w->every = true;
	if (p->w->every_n) {
		/* "daily" of "every day", "weekly every monday": the second says nothing new */
		if (p->w->every_unit == unit && p->w->every_n == n) return true;
		return wrong(p, "it names two intervals");
	}
	p->w->every_n = n;
	p->w->every_unit = unit;
	return true;
}

/* The number between "every" and its unit. */
static size_t read_step(const struct parser *p, size_t k, int64_t *thousandths)
{
	bool second =
	    is(p, k, OC_W_UNIT) && look(p, k)->value == OC_U_SECOND && is(p, k + 1, OC_W_UNIT);

	if (is(p, k, OC_W_OTHER) || second) {
		*thousandths = 2 * THOUSAND;
		return 1;
	}
	if (look(p, k)->is_number && is(p, k + 1, OC_W_ORDINAL)) {
		*thousandths = look(p, k)->value * THOUSAND;
		return 2;
	}
	return read_amount(p, k, thousandths);
}

static bool interval(struct parser *p)
{
	int64_t amount = THOUSAND;
	enum oc_time_unit unit;
	struct span s = { 0 };
	size_t n, more;

	if (!is(p, 0, OC_W_EVERY)) return false;
	p->w->every = true;
	n = read_step(p, 1, &amount);
	unit = oc_natural_unit(look(p, 1 + n));
	if (unit == OC_U_NONE) return false;
	if (n && !amount) return wrong(p, "an interval of nothing is not possible");
	take(p, 2 + n);
	more = unit <= OC_U_HOUR ? read_span(p, 0, &s) : 0;
	if (unit <= OC_U_HOUR &&
	    (more || amount % THOUSAND)) { /* "every 1h30m", "every half hour" */
		add_to_span(&s, amount, unit);
		if (s.days || s.months) return wrong(p, "this interval is not possible");
		take(p, more);
		if (s.ms % 60000 == 0) return set_interval(p, s.ms / 60000, OC_U_MINUTE);
		return set_interval(p, s.ms / 1000, OC_U_SECOND);
	}
	if (amount % THOUSAND) return wrong(p, "this interval is not possible");
	return set_interval(p, amount / THOUSAND, unit);
}

/* ---- dates ---- */

static bool set_date(struct parser *p, int year, int64_t month, int64_t day)
{
	struct oc_wish *w = p->w;

	if (month < 1 || month > 12) return wrong(p, "there are only twelve months");
	if (day < 1 || day > oc_days_in_month(year ? year : 2024, (int)month))
		return wrong(p, "that month has no such day");
	if (year && (year < 1970 || year > 9999)) return wrong(p, "that year is not possible");
	if (w->day || w->months) return wrong(p, "it names two dates");
	w->year = year;
	w->months = UINT32_C(1) << month;
	w->day = (int)day;
	w->has_day = true;
	return true;
}

static bool is_year(const struct parser *p, size_t k)
{
	return look(p, k)->is_number && look(p, k)->digits == 4 && !is_punct(p, k + 1, ':');
}

/* 2026-12-24, 2026/12/24 */
static bool iso_date(struct parser *p)
{
	char c = look(p, 1)->punct;

	if (!is_year(p, 0) || (c != '-' && c != '/') || !is_glued_number(p, 2) ||
	    !is_punct(p, 3, c) || !is_glued_number(p, 4))
		return false;
	set_date(p, (int)look(p, 0)->value, look(p, 2)->value, look(p, 4)->value);
	return take(p, 5);
}

static int full_year(const struct oc_token *t)
{
	return (int)(t->digits == 2 ? 2000 + t->value : t->value);
}

static bool has_year_digits(const struct parser *p, size_t k)
{
	return is_glued_number(p, k) && (look(p, k)->digits == 2 || look(p, k)->digits == 4) &&
	       !is_punct(p, k + 1, ':');
}

/* 24.12., 24.12.2026, 24. 12. */
static bool dotted_date(struct parser *p)
{
	size_t n = 3;
	int year = 0;
	bool dot;

	if (!look(p, 0)->is_number || !is_punct(p, 1, '.') || !look(p, 1)->glued ||
	    !look(p, 2)->is_number)
		return false;
	if (oc_natural_unit(look(p, 3)) != OC_U_NONE) return false; /* "1.5 hours" */
	dot = is_punct(p, 3, '.') && look(p, 3)->glued;
	if (!dot && (look(p, 2)->value > 12 || is(p, 3, OC_W_CLOCK) || !look(p, 2)->glued ||
		     is(p, 3, OC_W_MERIDIEM)))
		return false;
	if (dot) n++;
	if (dot && has_year_digits(p, n)) year = full_year(look(p, n++));
	set_date(p, year, look(p, 2)->value, look(p, 0)->value);
	return take(p, n);
}

/* 24/12/2026, 12/24: the day is the number that is no month. */
static bool slash_date(struct parser *p)
{
	int64_t a = look(p, 0)->value, b = look(p, 2)->value;
	size_t n = 3;
	int year = 0;

	if (!look(p, 0)->is_number || !is_punct(p, 1, '/') || !is_glued_number(p, 2)) return false;
	if (is_punct(p, 3, '/') && has_year_digits(p, 4)) {
		year = full_year(look(p, 4));
		n = 5;
	}
	if (a <= 12 && b <= 12 && a != b)
		p->w->vague = "Which number is the month? Write the date like 2026-12-24.";
	if (a > 12)
		set_date(p, year, b, a);
	else
		set_date(p, year, a, b);
	return take(p, n);
}

static size_t read_year_behind(const struct parser *p, size_t k, int *year)
{
	size_t n = k;

	if (is_punct(p, n, ',')) n++;
	if (!is_year(p, n)) return 0;
	*year = (int)look(p, n)->value;
	return n + 1 - k;
}

/* "24 december 2026", "24th of december", "24. Dezember" */
static bool day_month(struct parser *p)
{
	size_t n = 1;
	int year = 0;

	if (!look(p, 0)->is_number || look(p, 0)->digits > 2) return false;
	if (is(p, n, OC_W_ORDINAL) || is_punct(p, n, '.')) n++;
	skip_fill(p, &n);
	if (!is(p, n, OC_W_MONTH)) return false;
	int64_t month = look(p, n++)->value;
	n += read_year_behind(p, n, &year);
	set_date(p, year, month, look(p, 0)->value);
	return take(p, n);
}

/* "december 24th, 2026" */
static bool month_day(struct parser *p)
{
	size_t n = 1;
	int year = 0;

	if (!is(p, 0, OC_W_MONTH)) return false;
	skip_fill(p, &n);
	const struct oc_token *day = look(p, n);
	if (!day->is_number || day->digits > 2 || is_punct(p, n + 1, ':') ||
	    is(p, n + 1, OC_W_MERIDIEM) || is(p, n + 1, OC_W_CLOCK))
		return false;
	n++;
	if (is(p, n, OC_W_ORDINAL)) n++;
	n += read_year_behind(p, n, &year);
	set_date(p, year, look(p, 0)->value, day->value);
	return take(p, n);
}

/* "the day after tomorrow" */
static bool day_after_tomorrow(struct parser *p)
{
	bool is_it = is(p, 0, OC_W_UNIT) && look(p, 0)->value == OC_U_DAY && is(p, 1, OC_W_PAST) &&
		     is(p, 2, OC_W_DAY) && look(p, 2)->value == 1;

	if (!is_it) return false;
	p->w->has_day = true;
	p->w->day_offset = 2;
	return take(p, 3);
}

/* "1st", "15.", "first", "last day" */
static bool ordinal_day(struct parser *p)
{
	const struct oc_token *t = look(p, 0);
	bool written = t->class == OC_W_ORDINALS || t->class == OC_W_LAST;
	size_t n = written ? 1 : 2;

	if (!written && !(t->is_number &&
			  (is(p, 1, OC_W_ORDINAL) ||
			   (is_punct(p, 1, '.') && look(p, 1)->glued && !is_glued_number(p, 2)))))
		return false;
	if (is(p, n, OC_W_WEEKDAY))
		return wrong(p, "a certain weekday of a month is not possible; name a date, or "
				"every week");
	if (is(p, n, OC_W_UNIT) && look(p, n)->value == OC_U_DAY) n++;
	if (t->class == OC_W_LAST) {
		p->w->last_day = true;
		return take(p, n);
	}
	if (t->value < 1 || t->value > 31) return wrong(p, "no month has such a day");
	p->w->days |= UINT32_C(1) << t->value;
	return take(p, n);
}

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

static bool clock_time(struct parser *p)
{
	struct oc_clock_time t = { 0 };
	size_t n = read_clock(p, 0, &t);

	if (!n) return false;
	take(p, n);
	return add_time(p, &t);
}

/* "at minute 15", ":15" of every hour */
static bool minute_of_hour(struct parser *p)
{
	if (!is_punct(p, 0, ':') || !is_glued_number(p, 1)) return false;
	if (look(p, 1)->value > 59) return wrong(p, "an hour has minutes from 0 to 59");
	p->w->at_minute = (int)look(p, 1)->value;
	return take(p, 2);
}

/* What is left of numbers: "at 8", "tomorrow 9", "at 0900". */
static bool bare_hour(struct parser *p)
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

static bool window(struct parser *p)
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

/* ---- single words ---- */

static void add_weekday(struct parser *p, int64_t day)
{
	p->w->weekdays |= (uint8_t)(1u << day);
	p->w->has_day = true;
}

/* "monday", "mon-fri", "monday to friday" */
static bool weekday(struct parser *p)
{
	int64_t from = look(p, 0)->value, to;

	if (!is(p, 0, OC_W_WEEKDAY)) return false;
	add_weekday(p, from);
	if (is_punct(p, 1, '.')) return take(p, 2); /* "Mo." */
	if (!(is_punct(p, 1, '-') || is(p, 1, OC_W_TO)) || !is(p, 2, OC_W_WEEKDAY))
		return take(p, 1);
	to = look(p, 2)->value;
	for (int64_t d = from; d != to; d = (d + 1) % 7) add_weekday(p, d);
	add_weekday(p, to);
	p->w->weekdays_plural = true;
	return take(p, 3);
}

/* "next monday", "next week", "next month" */
static bool next(struct parser *p)
{
	enum oc_time_unit unit = oc_natural_unit(look(p, 1));

	if (!is(p, 0, OC_W_NEXT)) return false;
	if (is(p, 1, OC_W_UNIT) && unit == OC_U_WEEK)
		p->w->next_week = true;
	else if (is(p, 1, OC_W_UNIT) && unit == OC_U_MONTH)
		p->w->next_month = true;
	else if (is(p, 1, OC_W_UNIT) && unit == OC_U_YEAR)
		p->w->vague = "On which day of next year, and at what time?";
	else if (is(p, 1, OC_W_WEEKDAY) || is(p, 1, OC_W_MONTH) || is(p, 1, OC_W_SET)) {
		p->w->next = is(p, 1, OC_W_WEEKDAY);
		return take(p, 1);
	} else
		return wrong(p, "next what? Name a weekday, a date or a time");
	return take(p, 2);
}

static bool set_of_days(struct parser *p)
{
	bool plural = is(p, 0, OC_W_SETS);

	if (!plural && !is(p, 0, OC_W_SET)) return false;
	p->w->set = (uint8_t)look(p, 0)->value;
	p->w->has_day = true;
	p->w->weekdays_plural = p->w->weekdays_plural || plural;
	take(p, 1);
	if (is(p, 0, OC_W_UNIT) && look(p, 0)->value == OC_U_DAY) {
		p->w->weekdays_plural = p->w->weekdays_plural || look(p, 0)->text.n == 4;
		take(p, 1);
	}
	return true;
}

/* "today", "tomorrow", "tonight"; "morgen" is also the morning. */
static bool relative_day(struct parser *p)
{
	const struct oc_token *t = look(p, 0);
	bool morning = oc_str_ieq(t->text, OC_LIT("morgen")) &&
		       (p->w->has_day || p->w->every || was(p, OC_W_THIS));

	if (!is(p, 0, OC_W_DAY)) return false;
	if (t->value < 0) return wrong(p, "that is in the past");
	if (morning) {
		p->w->part = OC_P_MORNING;
		return take(p, 1);
	}
	p->w->has_day = true;
	p->w->day_offset = t->value == OC_TONIGHT ? 0 : (int)t->value;
	if (t->value == OC_TONIGHT) p->w->part = OC_P_EVENING;
	return take(p, 1);
}

static bool one_word(struct parser *p)
{
	const struct oc_token *t = look(p, 0);
	struct oc_wish *w = p->w;

	switch (t->class) {
	case OC_W_WEEKDAYS:
		add_weekday(p, t->value);
		w->weekdays_plural = true;
		break;
	case OC_W_MONTH: w->months |= UINT32_C(1) << t->value; break;
	case OC_W_PARTS: w->every = true; /* fall through */
	case OC_W_PART: w->part = (enum oc_day_part)t->value; break;
	case OC_W_PERIOD: set_interval(p, 1, (enum oc_time_unit)t->value); break;
	case OC_W_NOW: w->now = true; break;
	case OC_W_VAGUE: w->vague = "When exactly?"; break;
	case OC_W_UNIT:
		/* "the 1st of the month", "this week" */
		if (t->value == OC_U_MONTH)
			w->of_month = true;
		else if (t->value != OC_U_WEEK || !was(p, OC_W_THIS))
			return false;
		break;
	case OC_W_MERIDIEM:
		if (t->value) return false; /* "am" is also a word of German dates */
		break;
	case OC_W_NUMBER:
		if (!is(p, 1, OC_W_VAGUE)) return false; /* "a few" */
		break;
	case OC_W_FILL:
	case OC_W_AND:
	case OC_W_AT:
	case OC_W_IN:
	case OC_W_THIS:
	case OC_W_EVERY:
	case OC_W_FROM: break;
	default: return false;
	}
	return take(p, 1);
}

static bool not_understood(struct parser *p)
{
	struct oc_str word = oc_natural_shown(look(p, 0)->text);

	p->rc =
	    oc_fail(p->e, OC_E_INPUT,
		    "\"%.*s\": \"%.*s\" is not understood in a time. Write it like \"in 20 "
		    "minutes\", \"tomorrow 9:00\", \"every weekday 8:30\", \"2026-12-24 18:00\" or "
		    "as a cron expression",
		    OC_FMT(oc_natural_shown(p->text)), OC_FMT(word));
	return true;
}

static void read_all(struct parser *p)
{
	static bool (*const rules[])(struct parser *) = {
		interval,	window,	   iso_date,   dotted_date,    slash_date,
		day_month,	month_day, clock_time, span,	       day_after_tomorrow,
		ordinal_day,	weekday,   next,       set_of_days,    relative_day,
		minute_of_hour, one_word,  bare_hour,  not_understood,
	};

	while (!p->rc && !p->w->vague && p->at < p->tokens.n)
		for (size_t i = 0; !rules[i](p); i++) continue;
}

/* ---- what is no phrase ---- */

static bool says_german(const struct oc_tokens *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (oc_str_ieq(t->v[i].text, OC_LIT("um")) ||
		    oc_str_ieq(t->v[i].text, OC_LIT("uhr")))
			return true;
	return false;
}

static bool looks_like_cron(struct oc_str s)
{
	if (s.n && s.p[0] == '@') return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '*' || s.p[i] == '?') return true;
	/* "0 9 1 1 1": five numbers and nothing else */
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789,-/ \t", s.p[i])) return false;
	return oc_str_has(s, OC_LIT(" ")) && !oc_str_has(s, OC_LIT("-")) && s.n >= 9;
}

static json_t *in_zone(json_t *schedule, const char *zone)
{
	bool known;

	oc_zone_get(zone, &known);
	if (known && zone && *zone) oc_json_put(schedule, "tz", json_string(zone));
	return schedule;
}

static enum oc_rc read_cron(struct oc_str text, const char *zone, int64_t now_ms,
			    struct oc_natural *out, struct oc_err *e)
{
	struct oc_schedule s;
	json_t *schedule = in_zone(json_pack("{s:s,s:o,s:i}", "kind", "cron", "expr",
					     oc_json_new_str(text), "staggerMs", 0),
				   zone);
	enum oc_rc rc = oc_schedule_parse(schedule, now_ms, &s, e);

	if (!rc && !oc_schedule_next(&s, now_ms))
		rc = oc_fail(e, OC_E_INPUT, "\"%.*s\" never comes", OC_FMT(oc_natural_shown(text)));
	if (rc) {
		json_decref(schedule);
		return rc;
	}
	out->schedule = schedule;
	return OC_OK;
}

static bool date_exists(struct oc_str iso)
{
	int64_t year, month, day;

	return oc_parse_int(oc_str_head(iso, 4), 1970, 9999, &year) &&
	       oc_parse_int(oc_str_head(oc_str_from(iso, 5), 2), 1, 12, &month) &&
	       oc_parse_int(oc_str_head(oc_str_from(iso, 8), 2), 1,
			    oc_days_in_month((int)year, (int)month), &day);
}

/* A full moment of ISO 8601. A date alone says no time, and is read as a phrase. */
static enum oc_rc read_moment(struct oc_str text, const char *zone, int64_t now_ms, bool *is_one,
			      struct oc_natural *out, struct oc_err *e)
{
	int64_t at_ms;

	*is_one = oc_str_has(text, OC_LIT(":")) && text.n > 10 && text.p[4] == '-' &&
		  oc_parse_moment(text, oc_zone_get(zone, NULL), now_ms, &at_ms) &&
		  date_exists(text);
	if (!*is_one) return OC_OK;
	if (at_ms <= now_ms)
		return oc_fail(e, OC_E_INPUT, "\"%.*s\" is in the past",
			       OC_FMT(oc_natural_shown(text)));
	out->schedule = json_pack("{s:s,s:I}", "kind", "at", "atMs", (json_int_t)at_ms);
	return OC_OK;
}

enum oc_rc oc_natural_read(struct oc_str text, const char *zone, int64_t now_ms,
			   struct oc_natural *out, struct oc_err *e)
{
	struct oc_wish wish = { .at_minute = -1, .day_offset = -1, .every_unit = OC_U_NONE };
	struct parser p = { .w = &wish, .e = e };
	bool is_moment = false;
	enum oc_rc rc;

	*out = (struct oc_natural){ 0 };
	text = p.text = oc_str_trim(text);
	if (!text.n)
		return oc_fail(e, OC_E_INPUT, "no time is given: write one like \"in 20 minutes\"");
	if (text.n > OC_NATURAL_MAX) return oc_fail(e, OC_E_INPUT, "that is too long for a time");
	if (looks_like_cron(text)) return read_cron(text, zone, now_ms, out, e);
	rc = read_moment(text, zone, now_ms, &is_moment, out, e);
	if (rc || is_moment) return rc;
	rc = oc_natural_split(text, &p.tokens, e);
	if (rc) return rc;
	p.german = says_german(&p.tokens);
	read_all(&p);
	if (p.rc) return p.rc;
	rc = oc_natural_plan(&wish, zone, now_ms, out, e);
	if (rc) oc_wrap(e, "\"%.*s\"", OC_FMT(oc_natural_shown(text)));
	return rc;
}
