/* Aligned columns on stdout. */
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "cli/print.h"

enum { MAX_CELL = 4096, GAP = 2 };

void oc_table_init(struct oc_table *t, const char *const *titles)
{
	*t = (struct oc_table){ 0 };
	while (titles[t->columns]) t->columns++;
	for (size_t i = 0; i < t->columns; i++) oc_table_add(t, titles[i]);
}

void oc_table_add(struct oc_table *t, const char *text)
{
	struct oc_buf cell;

	oc_buf_init(&cell, MAX_CELL * 4);
	oc_visible_add(&cell, oc_str(text ? text : "-"), MAX_CELL);
	oc_buf_adds(&cell, ""); /* an empty cell is a text too */
	t->cells = oc_realloc_array(t->cells, t->n + 1, sizeof *t->cells);
	t->cells[t->n++] = oc_buf_take(&cell);
}

void oc_table_addf(struct oc_table *t, const char *fmt, ...)
{
	struct oc_buf text;
	char piece[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(piece, sizeof piece, fmt, ap);
	va_end(ap);
	oc_buf_init(&text, sizeof piece);
	oc_buf_adds(&text, piece);
	oc_table_add(t, oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static void print_row(const struct oc_table *t, size_t at, const size_t *width, const char *style)
{
	struct oc_buf line;

	oc_buf_init(&line, 1 << 20);
	for (size_t i = 0; i < t->columns; i++) {
		const char *cell = t->cells[at + i] ? t->cells[at + i] : "";
		size_t pad = i + 1 < t->columns ? width[i] + GAP - oc_utf8_width(oc_str(cell)) : 0;

		oc_buf_adds(&line, cell);
		while (pad-- > 0) oc_buf_addc(&line, ' ');
	}
	struct oc_str text = oc_buf_view(&line);
	while (text.n > 0 && text.p[text.n - 1] == ' ') text.n--;
	printf("%s%.*s%s\n", style, OC_FMT(text), *style ? "\033[0m" : "");
	oc_buf_deinit(&line);
}

void oc_table_print(const struct oc_table *t)
{
	size_t *width = oc_alloc(t->columns * sizeof *width);

	for (size_t i = 0; i < t->n; i++) {
		size_t w = oc_utf8_width(oc_str(t->cells[i]));
		if (w > width[i % t->columns]) width[i % t->columns] = w;
	}
	for (size_t i = 0; i + t->columns <= t->n; i += t->columns)
		print_row(t, i, width, i == 0 && oc_print_colour() ? "\033[1m" : "");
	free(width);
}

void oc_table_deinit(struct oc_table *t)
{
	for (size_t i = 0; i < t->n; i++) free(t->cells[i]);
	free(t->cells);
	*t = (struct oc_table){ 0 };
}
