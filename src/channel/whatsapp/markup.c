/* Markdown as lines of WhatsApp. */
#include "channel/whatsapp/markup.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "channel/whatsapp/lines.h"
#include "markdown/markdown.h"
#include "markdown/plain.h"

enum { TABLE_WIDTH = 40, GAP = 2 };

struct writer {
	struct oc_wa_lines lines;
	struct oc_buf indent;
	char *mark;    /* of the list item whose first line comes next; owned */
	unsigned code; /* blocks of it so far */
	bool quote, apart;
};

static void write_blocks(struct writer *w, const struct oc_md_node *parent);

static struct oc_wa_line *new_line(struct writer *w)
{
	char *lead = w->mark ? w->mark : w->indent.n ? oc_strdup(oc_buf_cstr(&w->indent)) : NULL;
	struct oc_wa_line *line = oc_wa_line_add(&w->lines, lead);

	w->mark = NULL;
	line->quote = w->quote;
	line->apart = w->apart && w->lines.n > 1;
	w->apart = false;
	return line;
}

static struct oc_wa_line *last_line(struct writer *w)
{
	return &w->lines.v[w->lines.n - 1];
}

/* ---- spans ---- */

static void write_text(struct writer *w, struct oc_str s, unsigned style)
{
	while (s.n) {
		struct oc_str part = oc_str_head(s, oc_str_find(s, OC_LIT("\n"), 0));

		oc_wa_line_text(last_line(w), part, style);
		if (part.n < s.n) (void)new_line(w);
		s = oc_str_from(s, part.n + 1);
	}
}

static void write_spans(struct writer *w, const struct oc_md_node *n, unsigned style);

/* An address that says more than its text. */
static void write_address(struct writer *w, const struct oc_md_node *n)
{
	struct oc_str url = n->url, bare = url;
	struct oc_buf text;

	if (!oc_md_url_ok(url)) return;
	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	oc_md_plain(n, &text);
	if (oc_str_istarts(bare, OC_LIT("mailto:"))) bare = oc_str_from(bare, 7);
	if (!oc_str_ihas(oc_buf_view(&text), "://") && !oc_str_has(oc_buf_view(&text), bare)) {
		write_text(w, OC_LIT(" ("), 0);
		write_text(w, url, 0);
		write_text(w, OC_LIT(")"), 0);
	}
	oc_buf_deinit(&text);
}

static void write_span(struct writer *w, const struct oc_md_node *n, unsigned style)
{
	switch (n->kind) {
	case OC_MD_TEXT: write_text(w, n->text, style); break;
	case OC_MD_CODE:
	case OC_MD_MATH: write_text(w, n->text, OC_WA_CODE); break;
	case OC_MD_BREAK:
	case OC_MD_SOFT_BREAK: (void)new_line(w); break;
	case OC_MD_EM: write_spans(w, n, style | OC_WA_ITALIC); break;
	case OC_MD_STRONG: write_spans(w, n, style | OC_WA_BOLD); break;
	case OC_MD_STRIKE: write_spans(w, n, style | OC_WA_STRIKE); break;
	case OC_MD_LINK:
	case OC_MD_IMAGE:
		write_spans(w, n, style);
		write_address(w, n);
		break;
	default: write_spans(w, n, style);
	}
}

static void write_spans(struct writer *w, const struct oc_md_node *n, unsigned style)
{
	for (const struct oc_md_node *c = n->first; c; c = c->next) write_span(w, c, style);
}

/* ---- blocks ---- */

static void write_code(struct writer *w, struct oc_str text)
{
	unsigned block = ++w->code;

	while (text.n && text.p[text.n - 1] == '\n') text.n--;
	do {
		struct oc_str line = oc_str_head(text, oc_str_find(text, OC_LIT("\n"), 0));
		struct oc_wa_line *to = new_line(w);

		to->block = block;
		/* Inside a block a quote's mark would be text. */
		to->quote = false;
		oc_wa_line_text(to, line, 0);
		text = oc_str_from(text, line.n + 1);
	} while (text.n);
}

static bool is_block(enum oc_md_kind k)
{
	return k <= OC_MD_MATH_BLOCK;
}

/* Spans of a tight item stand where a paragraph would. */
static const struct oc_md_node *write_run(struct writer *w, const struct oc_md_node *n)
{
	(void)new_line(w);
	for (; n && !is_block(n->kind); n = n->next) write_span(w, n, 0);
	return n;
}

static void write_item(struct writer *w, const struct oc_md_node *n, unsigned number)
{
	size_t indent = w->indent.n;
	char *mark = n->parent->ordered ? oc_asprintf("%u. ", number) : oc_strdup("- ");

	w->mark = oc_asprintf("%s%s%s", oc_buf_cstr(&w->indent), mark,
			      !n->task	? ""
			      : n->done ? "\xe2\x98\x91 "
					: "\xe2\x98\x90 ");
	for (size_t i = 0; mark[i]; i++) oc_buf_addc(&w->indent, ' ');
	free(mark);
	if (!n->first) (void)new_line(w);
	write_blocks(w, n);
	oc_buf_drop(&w->indent, w->indent.n - indent);
}

static void write_list(struct writer *w, const struct oc_md_node *n)
{
	unsigned number = n->start;

	for (const struct oc_md_node *c = n->first; c; c = c->next) {
		if (c != n->first) w->apart = false; /* items stand close */
		write_item(w, c, number++);
	}
}

/* ---- tables ---- */

static void cell_text(const struct oc_md_node *cell, struct oc_buf *out)
{
	oc_buf_clear(out);
	oc_md_plain(cell, out);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n') out->p[i] = ' ';
}

/* Widths of the columns; the sum with gaps. */
static size_t measure(const struct oc_md_node *table, size_t *widths, struct oc_buf *text)
{
	size_t sum = 0;

	for (const struct oc_md_node *row = table->first; row; row = row->next) {
		size_t i = 0;

		for (const struct oc_md_node *c = row->first; c; c = c->next, i++) {
			if (i >= OC_MAX_MARKDOWN_COLUMNS) break;
			cell_text(c, text);
			size_t width = oc_utf8_width(oc_buf_view(text));
			if (width > widths[i]) widths[i] = width;
		}
	}
	for (size_t i = 0; i < OC_MAX_MARKDOWN_COLUMNS; i++)
		if (widths[i]) sum += widths[i] + GAP;
	return sum;
}

static void write_aligned(struct writer *w, const struct oc_md_node *table, const size_t *widths,
			  struct oc_buf *text)
{
	struct oc_buf all;

	oc_buf_init(&all, OC_MAX_MESSAGE_BYTES);
	for (const struct oc_md_node *row = table->first; row; row = row->next) {
		size_t i = 0;

		for (const struct oc_md_node *c = row->first; c; c = c->next, i++) {
			cell_text(c, text);
			size_t width = oc_utf8_width(oc_buf_view(text));

			oc_buf_add(&all, oc_buf_view(text));
			if (!c->next || i >= OC_MAX_MARKDOWN_COLUMNS) continue;
			for (; width < widths[i] + GAP; width++) oc_buf_addc(&all, ' ');
		}
		oc_buf_addc(&all, '\n');
	}
	write_code(w, oc_buf_view(&all));
	oc_buf_deinit(&all);
}

/* A row a bullet, for a table that would not fit on a telephone: "- *first*" and "head: cell". */
static void write_bullets(struct writer *w, const struct oc_md_node *table)
{
	const struct oc_md_node *head = table->first;

	for (const struct oc_md_node *row = head ? head->next : NULL; row; row = row->next) {
		const struct oc_md_node *name = head->first;

		w->mark = oc_asprintf("%s- ", oc_buf_cstr(&w->indent));
		for (const struct oc_md_node *c = row->first; c; c = c->next) {
			(void)new_line(w);
			if (c == row->first) {
				write_spans(w, c, OC_WA_BOLD);
			} else {
				write_text(w, OC_LIT("  "), 0);
				if (name && name->first) write_spans(w, name, 0);
				write_text(w, OC_LIT(": "), 0);
				write_spans(w, c, 0);
			}
			name = name ? name->next : NULL;
		}
	}
}

static void write_table(struct writer *w, const struct oc_md_node *table)
{
	size_t widths[OC_MAX_MARKDOWN_COLUMNS] = { 0 };
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	bool narrow = measure(table, widths, &text) <= TABLE_WIDTH;

	if (narrow || !table->first || !table->first->next)
		write_aligned(w, table, widths, &text);
	else
		write_bullets(w, table);
	oc_buf_deinit(&text);
}

/* ---- the tree ---- */

static void write_block(struct writer *w, const struct oc_md_node *n)
{
	bool quote = w->quote;

	switch (n->kind) {
	case OC_MD_CODE_BLOCK:
	case OC_MD_MATH_BLOCK: write_code(w, n->text); break;
	case OC_MD_RULE:
		oc_wa_line_text(new_line(w), OC_LIT("\xe2\x80\x94\xe2\x80\x94\xe2\x80\x94"), 0);
		break;
	case OC_MD_HEADING:
		(void)new_line(w);
		write_spans(w, n, OC_WA_BOLD);
		break;
	case OC_MD_PARAGRAPH:
		(void)new_line(w);
		write_spans(w, n, 0);
		break;
	case OC_MD_LIST: write_list(w, n); break;
	case OC_MD_TABLE: write_table(w, n); break;
	case OC_MD_QUOTE:
		w->quote = true;
		write_blocks(w, n);
		w->quote = quote;
		break;
	default: write_blocks(w, n);
	}
}

static void write_blocks(struct writer *w, const struct oc_md_node *parent)
{
	bool tight = parent->kind == OC_MD_ITEM;

	for (const struct oc_md_node *n = parent->first; n;) {
		if (n != parent->first) w->apart = !tight;
		if (!is_block(n->kind)) {
			n = write_run(w, n);
			continue;
		}
		write_block(w, n);
		n = n->next;
	}
}

void oc_wa_markup(struct oc_str markdown, size_t max, bool marks, struct oc_chunks *out)
{
	struct oc_md_doc *doc = oc_md_parse(markdown);
	struct writer w = { 0 };

	oc_buf_init(&w.indent, OC_MAX_MESSAGE_BYTES);
	w.lines.plain = !marks;
	write_blocks(&w, oc_md_root(doc));
	oc_wa_lines_pack(&w.lines, max, out);
	free(w.mark);
	oc_buf_deinit(&w.indent);
	oc_wa_lines_deinit(&w.lines);
	oc_md_free(doc);
}
