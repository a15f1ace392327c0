/* Amounts, spans and intervals of a phrase. */
#include "agent/cron/natural_read.h"

#define MAX_AMOUNT INT64_C(1000000)

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

bool oc_rule_span(struct parser *p)
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

bool oc_rule_interval(struct parser *p)
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

bool oc_rule_period(struct parser *p)
{
	enum oc_time_unit unit = (enum oc_time_unit)look(p, 0)->value;

	if (!is(p, 0, OC_W_PERIOD)) return false;
	take(p, 1);
	return set_interval(p, 1, unit);
}
