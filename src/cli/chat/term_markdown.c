/*
 * Streaming Markdown. Two stages: characters get a style (read: the marks of a line's beginning are
 * held until they are clear, `**` and the like until the character behind them is there), then
 * styled characters are laid into rows (put).
 */
#include "cli/chat/term_markdown.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

enum {
	BOLD = 1,
	CODE = 2,
	HEADING = 4,
	QUOTE = 8,
	ITALIC = 16,
	MAX_MARK = 16, /* bytes of a line's beginning that can be held */
	MAX_ROW = 1 << 16,
	NARROWEST = 8,
};

struct cell {
	unsigned at; /* in text */
	unsigned char n, width, style;
};
struct oc_term_markdown {
	struct oc_term_markdown_spec spec;
	struct oc_buf bytes; /* of an unfinished character */
	/* reading */
	struct oc_buf mark; /* beginning of a line, not understood yet */
	bool in_line;	    /* the beginning is over */
	bool fence;	    /* in a code block */
	char fence_char;
	size_t fence_length;
	bool fence_line; /* the rest of this line belongs to the fence and is not shown */
	unsigned line_style, style;
	char stars; /* a held '*' or '_' run, its character; 0 = none */
	size_t star_count;
	bool code_ticks;   /* inside `…` */
	bool space_before; /* the character before was white space, or none */
	/* rows */
	struct oc_buf text;
	struct cell *cells;
	size_t n_cells, cap;
	size_t width;	 /* of the row so far, the prefix included */
	size_t indent;	 /* further rows of the same line: columns */
	bool any_row;	 /* the first one is out */
	bool skip_space; /* at a row that was broken at a word */
};

/* ---- rows ---- */

static const char *prefix(const struct oc_term_markdown *m)
{
	const char *indent = m->spec.indent ? m->spec.indent : "";

	return !m->any_row && m->spec.first ? m->spec.first : indent;
}

static size_t columns(const struct oc_term_markdown *m)
{
	return m->spec.columns > NARROWEST ? m->spec.columns : NARROWEST;
}

static void add_style(const struct oc_term_markdown *m, unsigned style, struct oc_buf *out)
{
	if (!m->spec.colour) return;
	oc_buf_adds(out, "\033[0");
	if (m->spec.dim || (style & QUOTE)) oc_buf_adds(out, ";2");
	if (style & (BOLD | HEADING)) oc_buf_adds(out, ";1");
	if (style & HEADING) oc_buf_adds(out, ";36");
	if (style & ITALIC) oc_buf_adds(out, ";3");
	if (style & CODE) oc_buf_adds(out, ";33");
	oc_buf_addc(out, 'm');
}

static void write_row(const struct oc_term_markdown *m, size_t n, struct oc_buf *out)
{
	unsigned style = 0;
	bool styled = m->spec.dim && m->spec.colour;

	oc_buf_adds(out, prefix(m));
	if (styled) add_style(m, 0, out);
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &m->cells[i];
		if (c->style != style) {
			add_style(m, c->style, out);
			styled = m->spec.colour;
		}
		style = c->style;
		oc_buf_add(out, (struct oc_str){ m->text.p + c->at, c->n });
	}
	if (styled) oc_buf_adds(out, "\033[0m");
}

/* The first n cells are a row; the others begin the next, without those before `from`. */
static void end_row(struct oc_term_markdown *m, size_t n, size_t from)
{
	struct oc_buf row;

	oc_buf_init(&row, MAX_ROW * 4);
	write_row(m, n, &row);
	m->spec.row(m->spec.arg, oc_buf_view(&row));
	oc_buf_deinit(&row);
	m->any_row = true;
	size_t cut = from < m->n_cells ? m->cells[from].at : m->text.n;
	m->n_cells -= from;
	if (m->n_cells) memmove(m->cells, m->cells + from, m->n_cells * sizeof *m->cells);
	oc_buf_drop(&m->text, cut);
	m->width = oc_utf8_width(oc_str(prefix(m)));
	for (size_t i = 0; i < m->n_cells; i++) {
		m->cells[i].at -= (unsigned)cut;
		m->width += m->cells[i].width;
	}
}

static void add_cell(struct oc_term_markdown *m, struct oc_str c, size_t width, unsigned style)
{
	if (m->n_cells == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 128;
		m->cells = oc_realloc_array(m->cells, m->cap, sizeof *m->cells);
	}
	m->cells[m->n_cells++] = (struct cell){ .at = (unsigned)m->text.n,
						.n = (unsigned char)c.n,
						.width = (unsigned char)width,
						.style = (unsigned char)style };
	oc_buf_add(&m->text, c);
	m->width += width;
}

static bool is_space(const struct oc_term_markdown *m, size_t i)
{
	return m->cells[i].n == 1 && m->text.p[m->cells[i].at] == ' ';
}

/* Rows after the first of a list item stand under its text. */
static void indent_rest(struct oc_term_markdown *m)
{
	size_t n = m->n_cells, spaces = m->indent;
	struct cell *tail = oc_alloc((n + 1) * sizeof *tail);
	char *bytes = oc_strndup(m->text.n ? m->text.p : "", m->text.n);

	memcpy(tail, m->cells, n * sizeof *tail);
	m->n_cells = 0;
	oc_buf_clear(&m->text);
	m->width = oc_utf8_width(oc_str(prefix(m)));
	while (spaces-- > 0) add_cell(m, OC_LIT(" "), 1, 0);
	for (size_t i = 0; i < n; i++)
		add_cell(m, (struct oc_str){ bytes + tail[i].at, tail[i].n }, tail[i].width,
			 tail[i].style);
	free(tail);
	free(bytes);
}

/* The row is full: broken behind its last space, in code and in long words anywhere. */
static void break_row(struct oc_term_markdown *m)
{
	size_t at = m->n_cells, end;

	while (!m->fence && at > m->indent && !is_space(m, at - 1)) at--;
	if (m->fence || at <= m->indent) {
		end_row(m, m->n_cells, m->n_cells);
	} else {
		end = at;
		while (end > 0 && is_space(m, end - 1)) end--;
		end_row(m, end, at);
	}
	if (m->indent && m->indent + NARROWEST < columns(m)) indent_rest(m);
	m->skip_space = m->n_cells <= m->indent;
}

static void put(struct oc_term_markdown *m, struct oc_str c, unsigned style)
{
	size_t width = oc_utf8_width(c);
	bool space = c.n == 1 && c.p[0] == ' ';

	if (!m->n_cells && !m->width) m->width = oc_utf8_width(oc_str(prefix(m)));
	if (space && m->skip_space && !m->fence) return;
	if (width && m->width + width > columns(m)) {
		if (space && !m->fence) {
			end_row(m, m->n_cells, m->n_cells);
			if (m->indent && m->indent + NARROWEST < columns(m)) indent_rest(m);
			m->skip_space = true;
			return;
		}
		break_row(m);
	}
	m->skip_space = false;
	add_cell(m, c, width, style);
}

static void end_line(struct oc_term_markdown *m)
{
	end_row(m, m->n_cells, m->n_cells);
	m->indent = 0;
	m->skip_space = false;
}

/* ---- marks inside a line ---- */

static void put_byte_run(struct oc_term_markdown *m, char c, size_t n, unsigned style)
{
	while (n-- > 0) put(m, (struct oc_str){ &c, 1 }, style);
}

static unsigned style_of(const struct oc_term_markdown *m)
{
	return m->line_style | m->style | (m->code_ticks ? CODE : 0);
}

/* What a run of stars means is decided by the character behind it. */
static void end_stars(struct oc_term_markdown *m, bool space_after)
{
	unsigned bits = m->star_count >= 3 ? BOLD | ITALIC : m->star_count == 2 ? BOLD : ITALIC;
	char c = m->stars;
	size_t n = m->star_count;

	m->stars = 0;
	m->star_count = 0;
	bool closes = (m->style & bits) == bits && !m->space_before;
	bool opens = !(m->style & bits) && !space_after && (c == '*' || m->space_before);
	if (n <= 3 && closes)
		m->style &= ~bits;
	else if (n <= 3 && opens)
		m->style |= bits;
	else
		put_byte_run(m, c, n, style_of(m));
}

static void read_inline(struct oc_term_markdown *m, struct oc_str c)
{
	char b = c.n == 1 ? c.p[0] : 'x';
	bool star = (b == '*' || b == '_') && !m->code_ticks;

	if (m->stars && b == m->stars) {
		m->star_count++;
		return;
	}
	if (m->stars) end_stars(m, b == ' ' || (b == '_' && star));
	if (star) {
		m->stars = b;
		m->star_count = 1;
		return;
	}
	if (b == '`')
		m->code_ticks = !m->code_ticks;
	else
		put(m, c, style_of(m));
	m->space_before = b == ' ' || b == '(' || b == '"';
}

/* ---- the beginning of a line ---- */

static void put_text(struct oc_term_markdown *m, struct oc_str s)
{
	m->in_line = true;
	m->space_before = true;
	while (s.n) {
		uint32_t cp;
		size_t n = oc_utf8_next(s, &cp);
		read_inline(m, oc_str_head(s, n));
		s = oc_str_from(s, n);
	}
}

static void put_plain(struct oc_term_markdown *m, struct oc_str s, unsigned style)
{
	while (s.n) {
		uint32_t cp;
		size_t n = oc_utf8_next(s, &cp);
		put(m, oc_str_head(s, n), style);
		s = oc_str_from(s, n);
	}
}

static size_t run_of(struct oc_str s, char c)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == c) n++;
	return n;
}

/* A marker of a list item at the front of s ("- ", "12. "), its length with the space; 0 = none. */
static size_t list_marker(struct oc_str s)
{
	size_t digits = 0;

	if (s.n >= 2 && strchr("-*+", s.p[0]) && s.p[1] == ' ') return 2;
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') digits++;
	if (digits && digits <= 3 && digits + 1 < s.n && strchr(".)", s.p[digits]) &&
	    s.p[digits + 1] == ' ')
		return digits + 2;
	return 0;
}

static bool may_become_mark(struct oc_str s)
{
	size_t digits = 0;

	if (!s.n) return true;
	if (run_of(s, '#') == s.n) return s.n <= 6;
	if (s.n == 1 && strchr("-*+>", s.p[0])) return true;
	if ((s.p[0] == '`' || s.p[0] == '~') && run_of(s, s.p[0]) == s.n) return true;
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') digits++;
	return digits && digits <= 3 &&
	       (digits == s.n || (digits + 1 == s.n && strchr(".)", s.p[digits])));
}

static void begin_fence(struct oc_term_markdown *m, char c, size_t n)
{
	m->fence = true;
	m->fence_char = c;
	m->fence_length = n;
	m->fence_line = true;
}

static void begin_item(struct oc_term_markdown *m, struct oc_str spaces, size_t n, struct oc_str s)
{
	bool bullet = n == 2 && strchr("-*+", s.p[0]);

	put_plain(m, spaces, 0);
	if (bullet)
		put_plain(m, OC_LIT("• "), 0);
	else
		put_plain(m, oc_str_head(s, n), 0);
	m->indent = m->n_cells;
	put_text(m, oc_str_from(s, n));
}

/* Looks at what is held of a line's beginning; leaves it there while more is needed. */
static void read_mark(struct oc_term_markdown *m, bool line_is_over)
{
	struct oc_str whole = oc_buf_view(&m->mark), s = whole;
	size_t spaces = run_of(s, ' '), hashes, n;

	s = oc_str_from(s, spaces);
	if (!line_is_over && whole.n < MAX_MARK && may_become_mark(s)) return;
	char *copy = oc_strndup(whole.p, whole.n);
	s = (struct oc_str){ copy + spaces, whole.n - spaces };
	oc_buf_clear(&m->mark);
	m->in_line = true;
	hashes = run_of(s, '#');
	if (s.n >= 3 && strchr("`~", s.p[0]) && run_of(s, s.p[0]) >= 3) {
		begin_fence(m, s.p[0], run_of(s, s.p[0]));
	} else if (hashes && hashes <= 6 && s.n > hashes && s.p[hashes] == ' ') {
		m->line_style = HEADING;
		put_text(m, oc_str_from(s, hashes + 1));
	} else if (s.n && s.p[0] == '>' && (s.n == 1 || s.p[1] == ' ')) {
		m->line_style = QUOTE;
		put_plain(m, OC_LIT("│ "), QUOTE);
		m->indent = 2;
		put_text(m, oc_str_from(s, s.n > 1 ? 2 : 1));
	} else if ((n = list_marker(s)))
		begin_item(m, (struct oc_str){ copy, spaces }, n, s);
	else
		put_text(m, (struct oc_str){ copy, whole.n });
	free(copy);
}

/* ---- code blocks ---- */

/* A line inside a block is held while it may be the fence that ends it. */
static void read_fenced(struct oc_term_markdown *m, struct oc_str c)
{
	struct oc_str held = oc_buf_view(&m->mark);
	size_t spaces = run_of(held, ' ');
	bool begins =
	    spaces == held.n || run_of(oc_str_from(held, spaces), m->fence_char) == held.n - spaces;

	if (!m->in_line && begins && c.n == 1 && (c.p[0] == m->fence_char || c.p[0] == ' ') &&
	    held.n < MAX_MARK) {
		oc_buf_add(&m->mark, c);
		return;
	}
	if (!m->in_line) {
		put_plain(m, held, CODE);
		oc_buf_clear(&m->mark);
	}
	m->in_line = true;
	put(m, c, CODE);
}

static bool closes_fence(const struct oc_term_markdown *m)
{
	struct oc_str s = oc_str_trim(oc_buf_view(&m->mark));

	return !m->in_line && s.n >= m->fence_length && run_of(s, m->fence_char) == s.n;
}

/* ---- lines and characters ---- */

static void finish_line(struct oc_term_markdown *m)
{
	bool silent = m->fence_line;

	if (m->fence && !m->fence_line && closes_fence(m)) {
		m->fence = false;
		silent = true;
	} else if (m->fence && !m->in_line) {
		put_plain(m, oc_buf_view(&m->mark), CODE);
	} else if (!m->in_line && m->mark.n) {
		read_mark(m, true);
		silent = m->fence_line;
	}
	if (m->stars) end_stars(m, true);
	if (!silent) end_line(m);
	oc_buf_clear(&m->mark);
	m->in_line = m->fence_line = m->code_ticks = false;
	m->line_style = m->style = 0;
	m->indent = 0;
}

static void read_character(struct oc_term_markdown *m, struct oc_str c)
{
	unsigned char b = (unsigned char)c.p[0];

	if (b == '\n') {
		if (m->spec.plain)
			end_line(m);
		else
			finish_line(m);
		return;
	}
	if (b == '\t') {
		for (int i = 0; i < 4; i++) read_character(m, OC_LIT(" "));
		return;
	}
	if (b < ' ' || b == 0x7F || (b == 0xC2 && c.n == 2 && (unsigned char)c.p[1] < 0xA0)) return;
	if (m->spec.plain)
		put(m, c, 0);
	else if (m->fence_line)
		return;
	else if (m->fence)
		read_fenced(m, c);
	else if (m->in_line)
		read_inline(m, c);
	else {
		oc_buf_add(&m->mark, c);
		read_mark(m, false);
	}
}

static size_t missing_bytes(struct oc_str s)
{
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0;
	size_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 1;

	return n > s.n ? n - s.n : 0;
}

/* What is held is a character, or never becomes one. */
static void read_held(struct oc_term_markdown *m)
{
	struct oc_buf clean;

	oc_buf_init(&clean, 64);
	oc_utf8_clean(oc_buf_view(&m->bytes), &clean);
	oc_buf_clear(&m->bytes);
	struct oc_str s = oc_buf_view(&clean);
	while (s.n) {
		uint32_t cp;
		size_t n = oc_utf8_next(s, &cp);
		read_character(m, oc_str_head(s, n));
		s = oc_str_from(s, n);
	}
	oc_buf_deinit(&clean);
}

void oc_term_markdown_feed(struct oc_term_markdown *m, struct oc_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool continues = ((unsigned char)text.p[i] & 0xC0) == 0x80;

		if (m->bytes.n && !continues) read_held(m);
		oc_buf_addc(&m->bytes, text.p[i]);
		if (!missing_bytes(oc_buf_view(&m->bytes))) read_held(m);
	}
}

void oc_term_markdown_end(struct oc_term_markdown *m)
{
	if (m->bytes.n) read_held(m);
	bool open = m->n_cells || m->mark.n || m->stars || (m->fence && m->in_line);

	if (!open) return;
	if (m->spec.plain)
		end_line(m);
	else
		finish_line(m);
}

void oc_term_markdown_rest(const struct oc_term_markdown *m, struct oc_buf *out)
{
	if (m->n_cells) write_row(m, m->n_cells, out);
}

void oc_term_markdown_resize(struct oc_term_markdown *m, size_t width)
{
	m->spec.columns = width;
}

struct oc_term_markdown *oc_term_markdown_new(const struct oc_term_markdown_spec *spec)
{
	struct oc_term_markdown *m = oc_new(struct oc_term_markdown);

	m->spec = *spec;
	oc_buf_init(&m->bytes, 16);
	oc_buf_init(&m->mark, 256);
	oc_buf_init(&m->text, MAX_ROW * 4);
	return m;
}

void oc_term_markdown_free(struct oc_term_markdown *m)
{
	if (!m) return;
	oc_buf_deinit(&m->bytes);
	oc_buf_deinit(&m->mark);
	oc_buf_deinit(&m->text);
	free(m->cells);
	free(m);
}
