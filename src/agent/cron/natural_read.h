#ifndef OC_CRON_NATURAL_READ_H
#define OC_CRON_NATURAL_READ_H
#include "agent/cron/natural_words.h"
/*
 * Between the files that read a phrase word by word. A rule looks at the words from p->at on; when
 * they are its own it notes what they say, moves behind them and is true. What they say may be
 * wrong: then p->rc is set.
 */
enum { THOUSAND = 1000, DAY_HOURS = 24 };

struct parser {
	struct oc_tokens tokens;
	size_t at;
	struct oc_wish *w;
	bool german; /* so that "am" is never the morning */
	struct oc_str text;
	enum oc_rc rc;
	struct oc_err *e;
};

static inline const struct oc_token *look(const struct parser *p, size_t k)
{
	size_t i = p->at + k;

	return &p->tokens.v[i < p->tokens.n ? i : p->tokens.n];
}

static inline bool is(const struct parser *p, size_t k, enum oc_word_class class)
{
	return look(p, k)->class == class;
}

static inline bool was(const struct parser *p, enum oc_word_class class)
{
	return p->at && p->tokens.v[p->at - 1].class == class;
}

static inline bool is_punct(const struct parser *p, size_t k, char c)
{
	return look(p, k)->punct == c;
}

/* A number behind a sign without a space: "30" of ":30". */
static inline bool is_glued_number(const struct parser *p, size_t k)
{
	return look(p, k)->is_number && look(p, k)->glued;
}

static inline bool wrong(struct parser *p, const char *why)
{
	p->rc = oc_fail(p->e, OC_E_INPUT, "\"%.*s\": %s", OC_FMT(oc_natural_shown(p->text)), why);
	return true;
}

static inline bool take(struct parser *p, size_t n)
{
	p->at += n;
	return true;
}

static inline void skip_fill(const struct parser *p, size_t *k)
{
	while (is(p, *k, OC_W_FILL)) (*k)++;
}

/* ---- natural_amount.c ---- */
bool oc_rule_span(struct parser *p);
bool oc_rule_interval(struct parser *p);
bool oc_rule_period(struct parser *p); /* "daily" */
/* ---- natural_date.c ---- */
bool oc_rule_iso_date(struct parser *p);
bool oc_rule_dotted_date(struct parser *p);
bool oc_rule_slash_date(struct parser *p);
bool oc_rule_day_month(struct parser *p);
bool oc_rule_month_day(struct parser *p);
bool oc_rule_day_after_tomorrow(struct parser *p);
bool oc_rule_ordinal_day(struct parser *p);
/* ---- natural_clock.c ---- */
bool oc_rule_clock_time(struct parser *p);
bool oc_rule_minute_of_hour(struct parser *p);
bool oc_rule_bare_hour(struct parser *p);
bool oc_rule_window(struct parser *p);
#endif
