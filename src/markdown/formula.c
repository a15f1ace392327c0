/*
 * Finds formulas in Markdown and marks them, so that the parser leaves them alone. A formula ends
 * in its paragraph; a dollar sign before a space or a digit is money. Code is passed over. A search
 * that failed is not repeated further on, so that the time is linear.
 */
#include "markdown/internal.h"
#include "markdown/split.h"

/* What was looked for last and not found up to `none_to`. */
struct search {
	size_t none_from, none_to;
};

struct marker {
	struct oc_str s;
	size_t at, shown;	  /* read up to, written up to */
	size_t para_end;	  /* where the paragraph around `at` ends */
	struct search by_mark[4]; /* $  $$  \)  \] */
	size_t ticks_none[16];	  /* runs of n back-ticks: none at or behind this, + 1 */
	struct oc_buf *out;
};

static bool is_at(const struct marker *m, size_t at, const char *what)
{
	return oc_str_starts(oc_str_from(m->s, at), oc_str(what));
}

static size_t paragraph_end(struct oc_str s, size_t at)
{
	for (size_t next; at < s.n; at = next) {
		struct oc_str line = oc_md_line(s, at, &next);

		if (!oc_str_trim(line).n) return at;
	}
	return s.n;
}

static size_t find_close(struct marker *m, unsigned which, const char *what, size_t from)
{
	struct search *known = &m->by_mark[which];
	size_t end;

	if (from >= known->none_from && from < known->none_to) return SIZE_MAX;
	end = oc_str_find(oc_str_head(m->s, m->para_end), oc_str(what), from);
	if (end == SIZE_MAX) *known = (struct search){ from, m->para_end };
	return end;
}

static size_t ticks_at(struct oc_str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] == '`') n++;
	return n;
}

/* Where the code that begins at m->at ends, or the end of the ticks alone. */
static size_t code_end(struct marker *m)
{
	size_t n = ticks_at(m->s, m->at), from = m->at + n;
	bool remembered = n < sizeof m->ticks_none / sizeof *m->ticks_none;

	if (remembered && m->ticks_none[n] == m->para_end) return from;
	for (size_t at = from; at < m->para_end;) {
		const char *tick = memchr(m->s.p + at, '`', m->para_end - at);

		if (!tick) break;
		at = (size_t)(tick - m->s.p);
		size_t run = ticks_at(m->s, at);

		at += run;
		if (run == n) return at;
	}
	if (remembered) m->ticks_none[n] = m->para_end;
	/* A long run that is not closed: no text of this length has many of them. */
	return from;
}

static size_t longest_ticks(struct oc_str s)
{
	size_t best = 0;

	for (size_t i = 0; i < s.n; i++) {
		size_t run = ticks_at(s, i);

		if (run > best) best = run;
		i += run;
	}
	return best;
}

static void ticks(struct oc_buf *out, size_t n)
{
	while (n--) oc_buf_addc(out, '`');
}

static void flush(struct marker *m, size_t to, size_t resume)
{
	oc_buf_add(m->out, (struct oc_str){ m->s.p + m->shown, to - m->shown });
	m->shown = m->at = resume;
}

static void inline_formula(struct marker *m, size_t from, size_t end, size_t resume)
{
	struct oc_str inner = oc_str_trim((struct oc_str){ m->s.p + from, end - from });
	size_t n = longest_ticks(inner) + 1;

	flush(m, m->at, resume);
	oc_buf_addc(m->out, OC_MATH_OUT);
	ticks(m->out, n);
	oc_buf_addc(m->out, OC_MATH_IN);
	oc_buf_add(m->out, inner);
	oc_buf_addc(m->out, OC_MATH_END);
	ticks(m->out, n);
	oc_buf_addc(m->out, OC_MATH_OUT);
}

static size_t line_begin(const struct marker *m, size_t at)
{
	while (at > 0 && m->s.p[at - 1] != '\n') at--;
	return at;
}

/* Only white space stands between the begin of the line and the formula: its length, else -1. */
static bool alone_before(const struct marker *m, struct oc_str *indent)
{
	size_t begin = m->at, tries = 0;

	while (begin > 0 && m->s.p[begin - 1] == ' ' && tries++ < 32) begin--;
	*indent = (struct oc_str){ m->s.p + begin, m->at - begin };
	return line_begin(m, begin) == begin || begin == 0;
}

static void block_formula(struct marker *m, struct oc_str indent, size_t from, size_t end,
			  size_t resume)
{
	struct oc_str inner = { m->s.p + from, end - from };
	size_t n = longest_ticks(inner) + 3, next;

	flush(m, m->at - indent.n, resume);
	oc_buf_add(m->out, indent);
	ticks(m->out, n);
	oc_buf_addc(m->out, OC_MATH_IN);
	for (size_t at = 0; at < inner.n; at = next) {
		struct oc_str line = oc_str_trim(oc_md_line(inner, at, &next));

		if (!line.n) continue;
		oc_buf_addc(m->out, '\n');
		oc_buf_add(m->out, indent);
		oc_buf_add(m->out, line);
	}
	oc_buf_addc(m->out, '\n');
	oc_buf_add(m->out, indent);
	ticks(m->out, n);
	/* What follows the formula on its line begins a new one. */
	while (m->at < m->s.n && m->s.p[m->at] == ' ') m->at++;
	m->shown = m->at;
	if (m->at >= m->s.n || m->s.p[m->at] == '\n') return;
	oc_buf_addc(m->out, '\n');
	oc_buf_add(m->out, indent);
}

/* A formula that stands alone on its lines. */
static bool display(struct marker *m, unsigned which, const char *close)
{
	size_t end = find_close(m, which, close, m->at + 2);
	struct oc_str indent;

	if (end == SIZE_MAX || end == m->at + 2) return false;
	if (alone_before(m, &indent))
		block_formula(m, indent, m->at + 2, end, end + 2);
	else
		inline_formula(m, m->at + 2, end, end + 2);
	return true;
}

static bool dollar(struct marker *m)
{
	struct oc_str s = m->s;
	size_t from = m->at + 1, end;

	if (is_at(m, m->at, "$$")) return display(m, 1, "$$");
	if (from >= s.n || oc_is_space(s.p[from]) || (s.p[from] >= '0' && s.p[from] <= '9'))
		return false;
	end = find_close(m, 0, "$", from);
	if (end == SIZE_MAX || oc_is_space(s.p[end - 1])) return false;
	if (end + 1 < s.n && s.p[end + 1] >= '0' && s.p[end + 1] <= '9') return false;
	if (memchr(s.p + from, '\n', end - from) || memchr(s.p + from, '`', end - from))
		return false;
	inline_formula(m, from, end, end + 1);
	return true;
}

static bool backslash(struct marker *m)
{
	if (is_at(m, m->at, "\\[")) return display(m, 3, "\\]");
	if (!is_at(m, m->at, "\\(")) return false;
	size_t end = find_close(m, 2, "\\)", m->at + 2);

	if (end == SIZE_MAX || end == m->at + 2) return false;
	inline_formula(m, m->at + 2, end, end + 2);
	return true;
}

static void one(struct marker *m)
{
	char c = m->s.p[m->at];

	if (c == '`')
		m->at = code_end(m);
	else if (c == '$' && dollar(m))
		return;
	else if (c == '\\') {
		if (!backslash(m)) m->at += m->at + 1 < m->s.n ? 2 : 1;
	} else
		m->at++;
}

/* Passes over fenced code. True: the line was part of it. */
static bool fenced(struct oc_md_split *fence, struct oc_str line, size_t at)
{
	bool before = fence->fence;

	oc_md_split_line(fence, line, at);
	return before || fence->fence;
}

void oc_formula_mark(struct oc_str s, struct oc_buf *out)
{
	struct marker m = { .s = s, .out = out };
	struct oc_md_split fence = { 0 };
	size_t next;

	if (!memchr(s.p, '$', s.n) && !oc_str_has(s, OC_LIT("\\(")) &&
	    !oc_str_has(s, OC_LIT("\\["))) {
		oc_buf_add(out, s);
		return;
	}
	for (size_t at = 0; at < s.n; at = next) {
		bool skip = fenced(&fence, oc_md_line(s, at, &next), at);

		if (m.at < at) m.at = at;
		if (skip) {
			m.at = next;
			continue;
		}
		if (at >= m.para_end) m.para_end = paragraph_end(s, at);
		if (m.para_end < next) m.para_end = next;
		while (m.at < next) one(&m);
	}
	oc_buf_add(out, oc_str_from(s, m.shown));
}

void oc_formula_unmark(struct oc_str s, struct oc_buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == OC_MATH_OUT || c == OC_MATH_END) {
			char until = c == OC_MATH_OUT ? OC_MATH_IN : OC_MATH_OUT;
			const char *end = memchr(s.p + i, until, s.n - i);

			if (c == OC_MATH_OUT && !end) continue;
			if (end) i = (size_t)(end - s.p);
		} else if (c != OC_MATH_IN) {
			oc_buf_addc(out, c);
		}
	}
}
