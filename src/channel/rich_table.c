/* Tables for messengers that have none. */
#include "channel/rich_table.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "markdown/plain.h"

enum { MAX_COLUMNS = 64 };

/* The text of a cell, on one line; its children alone, for a cell is no text of its own. */
static void cell_text(const struct oc_md_node *cell, struct oc_buf *out)
{
	oc_buf_clear(out);
	for (const struct oc_md_node *n = cell->first; n; n = n->next) oc_md_plain(n, out);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n') out->p[i] = ' ';
}

static size_t measure(const struct oc_md_node *table, size_t widths[MAX_COLUMNS], size_t *n)
{
	struct oc_buf text;
	size_t total = 0;

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	*n = 0;
	for (const struct oc_md_node *row = table->first; row; row = row->next) {
		size_t i = 0;

		for (const struct oc_md_node *c = row->first; c && i < MAX_COLUMNS;
		     c = c->next, i++) {
			cell_text(c, &text);
			size_t w = oc_utf8_width(oc_buf_view(&text));

			if (i >= *n) widths[(*n)++] = 0;
			if (w > widths[i]) widths[i] = w;
		}
	}
	for (size_t i = 0; i < *n; i++) total += widths[i] + (i ? 3 : 0);
	oc_buf_deinit(&text);
	return total;
}

static void spaces(struct oc_buf *out, size_t n)
{
	while (n--) oc_buf_addc(out, ' ');
}

static void aligned_row(const struct oc_md_node *row, const size_t *widths, size_t n,
			struct oc_buf *out)
{
	const struct oc_md_node *c = row->first;
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	for (size_t i = 0; i < n && c; i++, c = c->next) {
		cell_text(c, &text);
		size_t left = widths[i] - oc_utf8_width(oc_buf_view(&text));

		if (i) oc_buf_adds(out, " | ");
		if (c->align == OC_MD_ALIGN_RIGHT) spaces(out, left);
		oc_buf_add(out, oc_buf_view(&text));
		if (c->align != OC_MD_ALIGN_RIGHT && c->next) spaces(out, left);
	}
	oc_buf_addc(out, '\n');
	oc_buf_deinit(&text);
}

static void rule(const size_t *widths, size_t n, struct oc_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i) oc_buf_adds(out, "-+-");
		for (size_t k = 0; k < widths[i]; k++) oc_buf_addc(out, '-');
	}
	oc_buf_addc(out, '\n');
}

static void aligned(const struct oc_md_node *table, const size_t *widths, size_t n,
		    struct oc_buf *out)
{
	for (const struct oc_md_node *row = table->first; row; row = row->next) {
		aligned_row(row, widths, n, out);
		if (row->head) rule(widths, n, out);
	}
}

/* "• Name: value" for each cell, a blank line between rows. */
static void as_lists(const struct oc_md_node *table, struct oc_buf *out)
{
	const struct oc_md_node *head = table->first;
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	for (const struct oc_md_node *row = head ? head->next : NULL; row; row = row->next) {
		const struct oc_md_node *name = head->first;

		for (const struct oc_md_node *c = row->first; c; c = c->next) {
			oc_buf_adds(out, "• ");
			if (name) cell_text(name, &text);
			if (name && text.n) oc_buf_addf(out, "%s: ", oc_buf_cstr(&text));
			cell_text(c, &text);
			oc_buf_add(out, oc_buf_view(&text));
			oc_buf_addc(out, '\n');
			if (name) name = name->next;
		}
		oc_buf_addc(out, '\n');
	}
	oc_buf_deinit(&text);
}

bool oc_rich_table(const struct oc_md_node *table, size_t max_columns, struct oc_buf *out)
{
	size_t widths[MAX_COLUMNS], n;
	bool fits = measure(table, widths, &n) <= max_columns;

	/* Without rows there is nothing but the head to show. */
	if (fits || !table->first || !table->first->next)
		aligned(table, widths, n, out);
	else
		as_lists(table, out);
	while (out->n && out->p[out->n - 1] == '\n') out->p[--out->n] = '\0';
	return fits || !table->first || !table->first->next;
}
