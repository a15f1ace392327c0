/* Rich text with WhatsApp's marks. */
#include "channel/whatsapp/markup.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/rich_text.h"

#define FENCE "```"
enum { TABLE_COLUMNS = 40, NUMBER_UNITS = 16, LEAST_UNITS = 32, STYLES = 4 };
enum { BOLD = 1, ITALIC = 2, STRIKE = 4, CODE = 8, PRE = 16, QUOTE = 32 };

static const unsigned flags[OC_RICH_KINDS] = {
	[OC_RICH_QUOTE] = QUOTE,   [OC_RICH_BOLD] = BOLD, [OC_RICH_ITALIC] = ITALIC,
	[OC_RICH_STRIKE] = STRIKE, [OC_RICH_CODE] = CODE, [OC_RICH_PRE] = PRE,
};
static const struct {
	unsigned flag;
	char mark;
} styles[STYLES] = { { BOLD, '*' }, { ITALIC, '_' }, { STRIKE, '~' }, { CODE, '`' } };

/* ---- a piece as bytes and the style of each ---- */

struct styled {
	struct oc_buf text, style;
	unsigned now;
	size_t link_from;
};

static void add_text(void *arg, struct oc_str s)
{
	struct styled *t = arg;

	oc_buf_add(&t->text, s);
	for (size_t i = 0; i < s.n; i++) oc_buf_addc(&t->style, (char)t->now);
}

static void open_span(void *arg, const struct oc_rich_span *s)
{
	struct styled *t = arg;

	t->now |= flags[s->kind];
	if (s->kind == OC_RICH_LINK) t->link_from = t->text.n;
}

/* An address that its text does not say already. */
static void add_address(struct styled *t, struct oc_str url)
{
	struct oc_str text = oc_str_from(oc_buf_view(&t->text), t->link_from), bare = url;

	if (oc_str_istarts(bare, OC_LIT("mailto:"))) bare = oc_str_from(bare, 7);
	if (oc_str_eq(text, url) || oc_str_eq(text, bare)) return;
	if (text.n && oc_str_ends(url, text) && text.n + 8 >= url.n) return;
	add_text(t, OC_LIT(" ("));
	add_text(t, url);
	add_text(t, OC_LIT(")"));
}

static void close_span(void *arg, const struct oc_rich_span *s)
{
	struct styled *t = arg;
	unsigned before = t->now & ~flags[s->kind];

	t->now = before & (PRE | QUOTE);
	if (s->kind == OC_RICH_LINK && s->attr) add_address(t, oc_str(s->attr));
	t->now = before;
}

/* ---- marks ---- */

static bool is_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void clear(char *style, size_t from, size_t to, unsigned flag)
{
	for (size_t i = from; i < to; i++) style[i] = (char)((unsigned)style[i] & ~flag);
}

/* A form that begins or ends inside a word, or holds its own mark, would be shown with its marks:
 * it is left out. Spaces at its edges are not part of it. */
static void keep_what_shows(struct oc_str text, char *style, unsigned flag, char mark)
{
	for (size_t i = 0, end; i < text.n; i = end) {
		size_t from = i, to;

		end = i + 1;
		if (!((unsigned)style[i] & flag)) continue;
		while (end < text.n && (unsigned)style[end] & flag) end++;
		for (to = end; from < to && oc_is_space(text.p[from]);) from++;
		while (to > from && oc_is_space(text.p[to - 1])) to--;
		bool inside = (from && is_word((unsigned char)text.p[from - 1])) ||
			      (to < text.n && is_word((unsigned char)text.p[to]));
		bool marked = to > from && memchr(text.p + from, mark, to - from);

		if (inside || marked) to = from;
		clear(style, i, from, flag);
		clear(style, to, end, flag);
	}
}

struct marks {
	size_t open[STYLES]; /* rows of styles, as they were opened */
	size_t n;
};

/* From the forms that are open to those of the next character: what was opened last ends first. */
static void change(struct oc_buf *out, struct marks *m, unsigned style)
{
	unsigned open = 0;
	size_t keep = 0;

	while (keep < m->n && style & styles[m->open[keep]].flag)
		open |= styles[m->open[keep++]].flag;
	while (m->n > keep) oc_buf_addc(out, styles[m->open[--m->n]].mark);
	for (size_t i = 0; i < STYLES; i++) {
		if (!(style & styles[i].flag) || open & styles[i].flag) continue;
		oc_buf_addc(out, styles[i].mark);
		m->open[m->n++] = i;
	}
}

static void write_line(struct oc_str text, char *style, struct oc_buf *out)
{
	struct marks m = { 0 };

	for (size_t i = 0; i < STYLES; i++)
		keep_what_shows(text, style, styles[i].flag, styles[i].mark);
	for (size_t i = 0; i < text.n; i++) {
		change(out, &m, (unsigned char)style[i]);
		oc_buf_addc(out, text.p[i]);
	}
	change(out, &m, 0);
}

/* Forms of WhatsApp end with their line; blocks of code and quotes are made of lines. */
static void write_lines(struct styled *t, struct oc_buf *out)
{
	struct oc_str text = oc_buf_view(&t->text);
	bool code = false;

	for (size_t at = 0; at < text.n;) {
		size_t n = oc_str_head(oc_str_from(text, at),
				       oc_str_find(oc_str_from(text, at), OC_LIT("\n"), 0))
			       .n;
		unsigned first = n || code ? (unsigned char)t->style.p[at] : 0;
		bool pre = (first & PRE) != 0;

		if (pre != code) oc_buf_adds(out, FENCE "\n");
		code = pre;
		if (first & QUOTE && !pre) oc_buf_adds(out, "> ");
		if (pre)
			oc_buf_add(out, oc_str_head(oc_str_from(text, at), n));
		else
			write_line(oc_str_head(oc_str_from(text, at), n), t->style.p + at, out);
		at += n;
		if (at < text.n) oc_buf_addc(out, '\n');
		at++;
	}
	if (code) oc_buf_adds(out, out->n && out->p[out->n - 1] == '\n' ? FENCE : "\n" FENCE);
}

/* ---- pieces ---- */

static char *draw(const struct oc_rich *r, const struct oc_rich_piece *piece, bool marks)
{
	struct styled t = { 0 };
	const struct oc_rich_writer w = {
		.open = open_span, .close = close_span, .text = add_text, .arg = &t
	};
	struct oc_buf out;

	oc_buf_init(&t.text, OC_MAX_REPLY_BYTES);
	oc_buf_init(&t.style, OC_MAX_REPLY_BYTES);
	oc_buf_init(&out, OC_MAX_REPLY_BYTES);
	oc_rich_write(r, piece, &w);
	if (marks)
		write_lines(&t, &out);
	else
		oc_buf_add(&out, oc_buf_view(&t.text));
	oc_buf_deinit(&t.text);
	oc_buf_deinit(&t.style);
	return oc_buf_take(&out);
}

void oc_wa_markup(struct oc_str markdown, size_t max, bool marks, struct oc_chunks *out)
{
	struct oc_rich_piece piece;
	struct oc_rich r;
	size_t at = 0, room = max - NUMBER_UNITS, units = room;

	oc_rich_of_markdown(markdown, TABLE_COLUMNS, &r);
	for (size_t next = at; oc_rich_cut(&r, &next, units, &piece); next = at) {
		char *text = draw(&r, &piece, marks);

		/* Marks and addresses take room too, and how much is known only now. */
		if (oc_utf16_units(oc_str(text)) > room && units > LEAST_UNITS) {
			units = units / 8 * 7;
			free(text);
			continue;
		}
		oc_chunks_add(out, text, marks ? "whatsapp" : NULL, NULL);
		at = next;
		units = room;
	}
	oc_chunks_number(out);
	oc_rich_deinit(&r);
}
