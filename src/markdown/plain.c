/* Plain text of a Markdown tree. */
#include "markdown/plain.h"

#include <stdlib.h>

struct writer {
	struct oc_buf *out;
	struct oc_buf indent; /* in front of each line but the first of a list's item */
};

static void blocks(struct writer *w, const struct oc_md_node *parent);

static void new_line(struct writer *w)
{
	oc_buf_addc(w->out, '\n');
	oc_buf_add(w->out, oc_buf_view(&w->indent));
}

static void lines(struct writer *w, struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			new_line(w);
		else
			oc_buf_addc(w->out, s.p[i]);
	}
}

/* An address that says more than the text does. */
static void address(struct writer *w, const struct oc_md_node *n, size_t text_from)
{
	struct oc_str text = oc_str_from(oc_buf_view(w->out), text_from), url = n->url;

	if (!url.n) return;
	if (oc_str_istarts(url, OC_LIT("mailto:")) && oc_str_eq(oc_str_from(url, 7), text)) return;
	if (oc_str_eq(url, text) || (oc_str_ends(url, text) && text.n + 7 >= url.n)) return;
	oc_buf_addf(w->out, text.n ? " (%.*s)" : "%.*s", OC_FMT(url));
}

static void spans(struct writer *w, const struct oc_md_node *n);

static void span(struct writer *w, const struct oc_md_node *n)
{
	size_t from = w->out->n;

	switch (n->kind) {
	case OC_MD_TEXT:
	case OC_MD_CODE:
	case OC_MD_MATH: lines(w, n->text); break;
	case OC_MD_BREAK:
	case OC_MD_SOFT_BREAK: new_line(w); break;
	default: spans(w, n);
	}
	if (n->kind == OC_MD_LINK || n->kind == OC_MD_IMAGE) address(w, n, from);
}

static void spans(struct writer *w, const struct oc_md_node *n)
{
	for (const struct oc_md_node *c = n->first; c; c = c->next) span(w, c);
}

static void row(struct writer *w, const struct oc_md_node *n)
{
	for (const struct oc_md_node *cell = n->first; cell; cell = cell->next) {
		spans(w, cell);
		if (cell->next) oc_buf_adds(w->out, " | ");
	}
}

static void item(struct writer *w, const struct oc_md_node *n, unsigned number)
{
	size_t indent = w->indent.n, from = w->out->n, width;

	if (n->parent->ordered)
		oc_buf_addf(w->out, "%u. ", number);
	else
		oc_buf_adds(w->out, "- ");
	width = w->out->n - from;
	if (n->task) oc_buf_adds(w->out, n->done ? "[x] " : "[ ] ");
	while (width--) oc_buf_addc(&w->indent, ' ');
	blocks(w, n);
	w->indent.n = indent;
	if (w->indent.p) w->indent.p[indent] = 0;
}

static void quote(struct writer *w, const struct oc_md_node *n)
{
	size_t indent = w->indent.n;

	oc_buf_adds(w->out, "> ");
	oc_buf_adds(&w->indent, "> ");
	blocks(w, n);
	w->indent.n = indent;
	if (w->indent.p) w->indent.p[indent] = 0;
}

static void block(struct writer *w, const struct oc_md_node *n)
{
	struct oc_str text = n->text;

	switch (n->kind) {
	case OC_MD_QUOTE: quote(w, n); break;
	case OC_MD_LIST:
	case OC_MD_TABLE: blocks(w, n); break;
	case OC_MD_ROW: row(w, n); break;
	case OC_MD_RULE: oc_buf_adds(w->out, "---"); break;
	case OC_MD_CODE_BLOCK:
	case OC_MD_MATH_BLOCK:
		if (text.n && text.p[text.n - 1] == '\n') text.n--;
		lines(w, text);
		break;
	default: spans(w, n);
	}
}

static bool is_span(const struct oc_md_node *n)
{
	return n->kind >= OC_MD_EM;
}

/* Blocks that follow each other without an empty line between them. */
static bool close_together(const struct oc_md_node *n)
{
	return n->kind == OC_MD_ROW || (n->kind == OC_MD_ITEM && n->parent->tight) ||
	       (n->parent->kind == OC_MD_ITEM && n->parent->parent->tight);
}

static void blocks(struct writer *w, const struct oc_md_node *parent)
{
	unsigned number = parent->start;

	for (const struct oc_md_node *n = parent->first; n; n = n->next) {
		if (n != parent->first && !is_span(n)) {
			if (!close_together(n)) new_line(w);
			new_line(w);
		}
		if (is_span(n))
			span(w, n); /* in a tight list */
		else if (n->kind == OC_MD_ITEM)
			item(w, n, number++);
		else
			block(w, n);
	}
}

void oc_md_plain(const struct oc_md_node *node, struct oc_buf *out)
{
	struct writer w = { .out = out };

	oc_buf_init(&w.indent, 4096);
	if (node->kind == OC_MD_DOCUMENT || node->kind == OC_MD_ITEM)
		blocks(&w, node);
	else if (is_span(node))
		span(&w, node);
	else
		block(&w, node);
	oc_buf_deinit(&w.indent);
}
