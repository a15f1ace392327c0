#ifndef OC_CRON_NATURAL_WORDS_H
#define OC_CRON_NATURAL_WORDS_H
#include "agent/cron/natural.h"
/* Between natural.c and its helpers: the words of a phrase and what was understood of them. */

enum oc_word_class {
	OC_W_UNKNOWN,
	OC_W_FILL,     /* says nothing: "the", "of", "um" */
	OC_W_AND,      /* "and", a comma */
	OC_W_UNIT,     /* value: enum oc_time_unit */
	OC_W_WEEKDAY,  /* value: 0 = Sunday */
	OC_W_WEEKDAYS, /* "mondays": every one of them */
	OC_W_MONTH,    /* value: 1-12 */
	OC_W_DAY,      /* value: days from today */
	OC_W_PART,     /* value: enum oc_day_part */
	OC_W_PARTS,    /* "morgens" */
	OC_W_NUMBER,   /* value: thousandths */
	OC_W_EVERY,
	OC_W_NEXT,
	OC_W_THIS,
	OC_W_IN,
	OC_W_AT,
	OC_W_NOW,
	OC_W_FROM, /* "from", "between" */
	OC_W_PAST, /* "past", "nach" */
	OC_W_TO,   /* "to", "vor", "until" */
	OC_W_NOON, /* value: hour, 12 or 0 */
	OC_W_HALF, /* value: 0 = "half past", 1 = "halb" */
	OC_W_QUARTER,
	OC_W_CLOCK,    /* "o'clock", "Uhr"; value: 1 = of 24 hours */
	OC_W_MERIDIEM, /* value: 0 = am, 12 = pm */
	OC_W_SET,      /* value: set of weekdays; "weekday" */
	OC_W_SETS,     /* "weekdays", "weekends" */
	OC_W_PERIOD,   /* value: unit; "daily" */
	OC_W_OTHER,    /* "other" in "every other day" */
	OC_W_ORDINAL,  /* behind a number: "st", "th" */
	OC_W_ORDINALS, /* value: 1-3; "first" */
	OC_W_LAST,
	OC_W_VAGUE, /* "soon" */
};
enum oc_time_unit {
	OC_U_SECOND,
	OC_U_MINUTE,
	OC_U_HOUR,
	OC_U_DAY,
	OC_U_WEEK,
	OC_U_MONTH,
	OC_U_YEAR,
	OC_U_NONE
};
enum oc_day_part { OC_P_NONE, OC_P_MORNING, OC_P_NOON, OC_P_AFTERNOON, OC_P_EVENING, OC_P_NIGHT };

struct oc_token {
	enum oc_word_class class;
	char punct;	/* one of : . - / ; 0 = a word or a number */
	bool is_number; /* digits */
	bool glued;	/* no space before it */
	int64_t value;
	unsigned digits;
	struct oc_str text; /* as it was written */
};
enum { OC_TONIGHT = 100 };
enum { OC_MAX_TOKENS = 64, OC_MAX_TIMES = 8 };
struct oc_tokens {
	struct oc_token v[OC_MAX_TOKENS + 1]; /* the one behind the last is UNKNOWN and empty */
	size_t n;
};
/* OC_E_INPUT: a character that stands in no time, or too much. */
OC_MUST_USE enum oc_rc oc_natural_split(struct oc_str text, struct oc_tokens *out,
					struct oc_err *e);
/* For messages: not too long. */
struct oc_str oc_natural_shown(struct oc_str text);
/* What a word means as a unit: "m" and "s" are units only behind a number. */
enum oc_time_unit oc_natural_unit(const struct oc_token *t);

struct oc_clock_time {
	int hour, minute, second;
	bool bare;     /* an hour and nothing else: 3 may be 15 */
	bool midnight; /* that word: of which day? */
	bool fixed;    /* am, pm or "Uhr": no part of the day changes it */
};
/* What a phrase says. Zeroed, but for the numbers whose absence is negative. */
struct oc_wish {
	bool every;
	int64_t every_n; /* 0 = not said */
	enum oc_time_unit every_unit;
	uint8_t weekdays; /* set of bits */
	bool weekdays_plural, next, next_week, next_month, last_day, of_month;
	uint8_t set; /* "weekend": one of these days, or with every all of them */
	bool has_day;
	int day_offset;
	int year, day; /* 0 = not said */
	uint32_t months, days;
	struct oc_clock_time times[OC_MAX_TIMES];
	size_t n_times;
	enum oc_day_part part;
	bool has_window;
	int from_hour, to_hour;
	int at_minute; /* -1 */
	bool in, has_span;
	int64_t span_ms;
	int span_days, span_months;
	bool now;
	const char *vague; /* static: what to ask; NULL */
};
/* The schedule of a wish. */
OC_MUST_USE enum oc_rc oc_natural_plan(const struct oc_wish *w, const char *zone, int64_t now_ms,
				       struct oc_natural *out, struct oc_err *e);
#endif
