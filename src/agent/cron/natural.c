/* What a phrase says about time, word by word. What it comes to: natural_plan.c. */
#include "agent/cron/natural_read.h"

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
	case OC_W_PARTS:
		w->every = true;
		w->part = (enum oc_day_part)t->value;
		break;
	case OC_W_PART: w->part = (enum oc_day_part)t->value; break;
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
		oc_rule_interval,
		oc_rule_period,
		oc_rule_window,
		oc_rule_iso_date,
		oc_rule_dotted_date,
		oc_rule_slash_date,
		oc_rule_day_month,
		oc_rule_month_day,
		oc_rule_clock_time,
		oc_rule_span,
		oc_rule_day_after_tomorrow,
		oc_rule_ordinal_day,
		weekday,
		next,
		set_of_days,
		relative_day,
		oc_rule_minute_of_hour,
		one_word,
		oc_rule_bare_hour,
		not_understood,
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
