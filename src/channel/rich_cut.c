/* Cuts a text with spans into pieces, and writes them. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "channel/rich_text.h"

enum { LEAST_UNITS = 200 }; /* of a piece that is not the last (spec 03 §7.5) */

static size_t units_of(uint32_t cp)
{
	return cp > 0xFFFF ? 2 : 1;
}

size_t oc_utf16_units(struct oc_str s)
{
	size_t n = 0;

	while (s.n) {
		uint32_t cp;
		size_t used = oc_utf8_next(s, &cp);

		n += units_of(cp);
		s = oc_str_from(s, used);
	}
	return n;
}

/* ---- where to cut ---- */

/* From the best to the worst; a cut stands before the byte. */
enum place { PARAGRAPH, LINE, SENTENCE, WORD, ANYWHERE, PLACES };

/* Nothing begins inside a code block: the last span that begins before is the block, or it is none.
 */
static bool in_pre(const struct oc_rich *r, size_t at)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->spans[middle].from < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low && r->spans[low - 1].kind == OC_RICH_PRE && at < r->spans[low - 1].to;
}

static enum place place_at(const struct oc_rich *r, size_t at)
{
	const char *p = r->text.p + at;
	char before = p[-1], before_that = at > 1 ? p[-2] : '\0';
	bool code = (before == '\n' || before == ' ') && in_pre(r, at);

	if (before == '\n') return before_that == '\n' && !code ? PARAGRAPH : LINE;
	if (before != ' ' || code) return ANYWHERE;
	return before_that == '.' || before_that == '!' || before_that == '?' ? SENTENCE : WORD;
}

/* The last place of each kind within max_units, with the units before it. */
struct candidates {
	size_t at[PLACES], units[PLACES];
	bool whole; /* the rest fits */
};

static void look(const struct oc_rich *r, size_t from, size_t max_units, struct candidates *c)
{
	size_t at = from, units = 0;

	*c = (struct candidates){ 0 };
	while (at < r->text.n) {
		uint32_t cp;
		size_t used = oc_utf8_next((struct oc_str){ r->text.p + at, r->text.n - at }, &cp);

		if (at > from) {
			enum place p = place_at(r, at);

			c->at[p] = at;
			c->units[p] = units;
			c->at[ANYWHERE] = at;
			c->units[ANYWHERE] = units;
		}
		if (units + units_of(cp) > max_units) return;
		units += units_of(cp);
		at += used;
	}
	c->whole = true;
}

/* A good cut may be early, but not so early that messages become many. */
static size_t choose(const struct candidates *c, size_t max_units)
{
	static const enum place order[] = { PARAGRAPH, LINE, SENTENCE, WORD };

	for (size_t i = 0; i < 2; i++)
		if (c->units[order[i]] >= max_units / 2) return c->at[order[i]];
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (c->units[order[i]] >= LEAST_UNITS) return c->at[order[i]];
	return c->at[ANYWHERE];
}

static bool is_blank(char c)
{
	return c == '\n' || c == ' ' || c == '\t' || c == '\r';
}

/* Blank lines before a piece go; the indentation of its first line stays. */
static size_t skip_blank(const struct oc_rich *r, size_t at)
{
	size_t line = at;

	for (; at < r->text.n && is_blank(r->text.p[at]); at++)
		if (r->text.p[at] == '\n') line = at + 1;
	return at == r->text.n ? at : line;
}

bool oc_rich_cut(const struct oc_rich *r, size_t *at, size_t max_units, struct oc_rich_piece *out)
{
	struct candidates c;
	size_t from = skip_blank(r, *at), to;

	if (from >= r->text.n) {
		*at = r->text.n;
		return false;
	}
	look(r, from, max_units, &c);
	to = c.whole ? r->text.n : choose(&c, max_units);
	if (to <= from) to = r->text.n; /* one character is longer than a piece may be */
	*at = to;
	while (to > from && is_blank(r->text.p[to - 1])) to--;
	*out = (struct oc_rich_piece){ from, to };
	return true;
}

/* ---- writing ---- */

/* The spans that may reach into a piece. */
struct range {
	const struct oc_rich_span *v;
	size_t n;
};

static struct range range_of(const struct oc_rich *r, const struct oc_rich_piece *piece)
{
	size_t low = 0, high;

	if (!r->n) return (struct range){ 0 };
	while (low < r->n && r->spans[low].to <= piece->from) low++;
	for (high = low; high < r->n && r->spans[high].from < piece->to;) high++;
	return (struct range){ r->spans + low, high - low };
}

struct active {
	const struct oc_rich_span *v[64];
	size_t n;
};

/* What is in force at a byte, the outermost first. Inside code nothing else is, but a quote. */
static void active_at(const struct range *r, size_t at, struct active *out)
{
	bool code = false;
	size_t n = 0;

	out->n = 0;
	for (size_t i = 0; i < r->n && r->v[i].from <= at; i++) {
		if (at >= r->v[i].to || out->n == sizeof out->v / sizeof *out->v) continue;
		out->v[out->n++] = &r->v[i];
		code |= r->v[i].kind >= OC_RICH_CODE;
	}
	for (size_t i = 0; i < out->n && code; i++)
		if (out->v[i]->kind == OC_RICH_QUOTE || out->v[i]->kind >= OC_RICH_CODE)
			out->v[n++] = out->v[i];
	if (code) out->n = n;
}

static void change(const struct active *from, const struct active *to,
		   const struct oc_rich_writer *w)
{
	size_t same = 0;

	while (same < from->n && same < to->n && from->v[same] == to->v[same]) same++;
	for (size_t i = from->n; i > same; i--) w->close(w->arg, from->v[i - 1]);
	for (size_t i = same; i < to->n; i++) w->open(w->arg, to->v[i]);
}

/* The next byte at which something begins or ends. */
static size_t next_edge(const struct range *r, size_t at, size_t to)
{
	size_t edge = to;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].from > at && r->v[i].from < edge) edge = r->v[i].from;
		if (r->v[i].to > at && r->v[i].to < edge) edge = r->v[i].to;
	}
	return edge;
}

void oc_rich_write(const struct oc_rich *r, const struct oc_rich_piece *piece,
		   const struct oc_rich_writer *w)
{
	const struct range range = range_of(r, piece);
	struct active now = { 0 }, then;

	for (size_t at = piece->from; at < piece->to;) {
		size_t edge = next_edge(&range, at, piece->to);

		active_at(&range, at, &then);
		change(&now, &then, w);
		now = then;
		w->text(w->arg, (struct oc_str){ r->text.p + at, edge - at });
		at = edge;
	}
	change(&now, &(struct active){ 0 }, w);
}
