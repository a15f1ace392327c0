/* A Markdown tree as one text with spans. */
#include "channel/rich_text.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "channel/rich_table.h"
#include "markdown/markdown.h"
#include "markdown/plain.h"

struct build {
	struct oc_rich *out;
	size_t table_columns;
	unsigned indent; /* of lists */
	bool in_quote;
};

static void add(struct build *b, struct oc_str s)
{
	oc_buf_add(&b->out->text, s);
}

/* ---- spans ---- */

static size_t span_begin(struct build *b, enum oc_rich_kind kind, struct oc_str attr)
{
	struct oc_rich *r = b->out;

	r->spans = oc_realloc_array(r->spans, r->n + 1, sizeof *r->spans);
	r->spans[r->n] = (struct oc_rich_span){ kind, r->text.n, r->text.n,
						attr.p ? oc_strndup(attr.p, attr.n) : NULL };
	return r->n++;
}

static void span_end(struct build *b, size_t span)
{
	b->out->spans[span].to = b->out->text.n;
}

static void block(struct build *b, const struct oc_md_node *n);

static void inlines(struct build *b, const struct oc_md_node *parent)
{
	for (const struct oc_md_node *n = parent->first; n; n = n->next) block(b, n);
}

static void styled(struct build *b, const struct oc_md_node *n, enum oc_rich_kind kind)
{
	size_t span = span_begin(b, kind, (struct oc_str){ 0 });

	inlines(b, n);
	span_end(b, span);
}

static void literal(struct build *b, enum oc_rich_kind kind, struct oc_str attr, struct oc_str s)
{
	size_t span = span_begin(b, kind, attr);

	add(b, s);
	span_end(b, span);
}

static void link(struct build *b, const struct oc_md_node *n)
{
	size_t span, from = b->out->text.n;

	if (!oc_md_url_ok(n->url)) {
		inlines(b, n);
		return;
	}
	span = span_begin(b, OC_RICH_LINK, n->url);
	if (n->kind == OC_MD_IMAGE) add(b, OC_LIT("🖼 "));
	inlines(b, n);
	if (b->out->text.n == from || (n->kind == OC_MD_IMAGE && !n->first)) add(b, n->url);
	span_end(b, span);
}

/* ---- blocks ---- */

static void new_line(struct build *b)
{
	struct oc_buf *t = &b->out->text;

	if (t->n && t->p[t->n - 1] != '\n') oc_buf_addc(t, '\n');
}

static void blank_line(struct build *b)
{
	struct oc_buf *t = &b->out->text;

	new_line(b);
	if (t->n > 1 && t->p[t->n - 2] != '\n') oc_buf_addc(t, '\n');
}

static void indent(struct build *b, unsigned levels)
{
	for (unsigned i = 0; i < levels; i++) add(b, OC_LIT("   "));
}

static void item(struct build *b, const struct oc_md_node *n, bool ordered, unsigned number)
{
	bool first = true;

	new_line(b);
	indent(b, b->indent);
	if (n->task)
		add(b, n->done ? OC_LIT("☑ ") : OC_LIT("☐ "));
	else if (ordered)
		oc_buf_addf(&b->out->text, "%u. ", number);
	else
		add(b, OC_LIT("• "));
	b->indent++;
	for (const struct oc_md_node *c = n->first; c; c = c->next) {
		/* The first paragraph stands beside its mark. */
		if (c->kind == OC_MD_PARAGRAPH && !first) {
			new_line(b);
			indent(b, b->indent);
		}
		if (c->kind == OC_MD_PARAGRAPH)
			inlines(b, c);
		else
			block(b, c);
		first = false;
	}
	b->indent--;
}

static void list(struct build *b, const struct oc_md_node *n)
{
	unsigned number = n->start;

	if (!b->indent) blank_line(b);
	for (const struct oc_md_node *c = n->first; c; c = c->next)
		item(b, c, n->ordered, number++);
}

static void quote(struct build *b, const struct oc_md_node *n)
{
	size_t span;

	blank_line(b);
	if (b->in_quote) {
		inlines(b, n);
		return;
	}
	span = span_begin(b, OC_RICH_QUOTE, (struct oc_str){ 0 });
	b->in_quote = true;
	inlines(b, n);
	b->in_quote = false;
	span_end(b, span);
}

static void code_block(struct build *b, const struct oc_md_node *n)
{
	struct oc_str s = n->text;

	blank_line(b);
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r')) s.n--;
	literal(b, OC_RICH_PRE, n->language.p ? n->language : OC_LIT(""), s);
}

static void table(struct build *b, const struct oc_md_node *n)
{
	struct oc_buf text;
	bool aligned;

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	aligned = oc_rich_table(n, b->table_columns, &text);
	blank_line(b);
	if (aligned)
		literal(b, OC_RICH_PRE, OC_LIT(""), oc_buf_view(&text));
	else
		add(b, oc_buf_view(&text));
	oc_buf_deinit(&text);
}

static void heading(struct build *b, const struct oc_md_node *n)
{
	blank_line(b);
	styled(b, n, OC_RICH_BOLD);
}

static void paragraph(struct build *b, const struct oc_md_node *n)
{
	blank_line(b);
	inlines(b, n);
}

static void block(struct build *b, const struct oc_md_node *n)
{
	switch (n->kind) {
	case OC_MD_TEXT: add(b, n->text); break;
	case OC_MD_CODE:
	case OC_MD_MATH: literal(b, OC_RICH_CODE, (struct oc_str){ 0 }, n->text); break;
	case OC_MD_BREAK:
	case OC_MD_SOFT_BREAK:
		add(b, OC_LIT("\n"));
		indent(b, b->indent);
		break;
	case OC_MD_EM: styled(b, n, OC_RICH_ITALIC); break;
	case OC_MD_STRONG: styled(b, n, OC_RICH_BOLD); break;
	case OC_MD_STRIKE: styled(b, n, OC_RICH_STRIKE); break;
	case OC_MD_LINK:
	case OC_MD_IMAGE: link(b, n); break;
	case OC_MD_QUOTE: quote(b, n); break;
	case OC_MD_LIST: list(b, n); break;
	case OC_MD_HEADING: heading(b, n); break;
	case OC_MD_PARAGRAPH: paragraph(b, n); break;
	case OC_MD_CODE_BLOCK:
	case OC_MD_MATH_BLOCK: code_block(b, n); break;
	case OC_MD_TABLE: table(b, n); break;
	case OC_MD_RULE:
		blank_line(b);
		add(b, OC_LIT("———"));
		break;
	case OC_MD_DOCUMENT:
	case OC_MD_ITEM:
	case OC_MD_ROW:
	case OC_MD_CELL: inlines(b, n); break;
	}
}

void oc_rich_of_markdown(struct oc_str markdown, size_t table_columns, struct oc_rich *out)
{
	struct oc_md_doc *doc;
	struct oc_buf clean;
	struct build b = { .out = out, .table_columns = table_columns };

	*out = (struct oc_rich){ 0 };
	oc_buf_init(&out->text, SIZE_MAX / 2);
	oc_buf_init(&clean, SIZE_MAX / 2);
	oc_utf8_clean(markdown, &clean);
	for (size_t i = 0; i < clean.n; i++)
		if (!clean.p[i]) clean.p[i] = ' ';
	doc = oc_md_parse(oc_buf_view(&clean));
	block(&b, oc_md_root(doc));
	oc_md_free(doc);
	oc_buf_deinit(&clean);
}

void oc_rich_deinit(struct oc_rich *r)
{
	for (size_t i = 0; i < r->n; i++) free(r->spans[i].attr);
	free(r->spans);
	oc_buf_deinit(&r->text);
	*r = (struct oc_rich){ 0 };
}
