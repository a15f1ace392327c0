/* Dates of a phrase. */
#include "agent/cron/natural_read.h"

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
bool oc_rule_iso_date(struct parser *p)
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
bool oc_rule_dotted_date(struct parser *p)
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
bool oc_rule_slash_date(struct parser *p)
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
bool oc_rule_day_month(struct parser *p)
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
bool oc_rule_month_day(struct parser *p)
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
bool oc_rule_day_after_tomorrow(struct parser *p)
{
	bool is_it = is(p, 0, OC_W_UNIT) && look(p, 0)->value == OC_U_DAY && is(p, 1, OC_W_PAST) &&
		     is(p, 2, OC_W_DAY) && look(p, 2)->value == 1;

	if (!is_it) return false;
	p->w->has_day = true;
	p->w->day_offset = 2;
	return take(p, 3);
}

/* "1st", "15.", "first", "last day" */
bool oc_rule_ordinal_day(struct parser *p)
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
