/* Editing a text of several lines. */
#include "cli/chat/term_edit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_HISTORY = 500 };

void oc_term_edit_init(struct oc_term_edit *e, size_t max_text)
{
	*e = (struct oc_term_edit){ 0 };
	oc_buf_init(&e->text, max_text);
}

void oc_term_edit_deinit(struct oc_term_edit *e)
{
	oc_buf_deinit(&e->text);
	oc_strv_deinit(&e->history);
	free(e->draft);
	free(e->killed);
}

/* ---- places ---- */

static struct oc_str view(const struct oc_term_edit *e)
{
	return oc_buf_view(&e->text);
}

/* A character and the marks on it are one step. */
static size_t after(const struct oc_term_edit *e, size_t at)
{
	struct oc_str s = view(e);
	uint32_t cp;
	bool first = true;

	while (at < s.n) {
		size_t n = oc_utf8_next(oc_str_from(s, at), &cp);
		if (!first && (cp == '\n' || oc_utf8_width((struct oc_str){ s.p + at, n }) > 0))
			break;
		at += n;
		if (first && cp == '\n') break;
		first = false;
	}
	return at;
}

static size_t before(const struct oc_term_edit *e, size_t at)
{
	size_t step = 0, next;

	while (step < at && (next = after(e, step)) < at) step = next;
	return step < at ? step : at;
}

static size_t line_start(const struct oc_term_edit *e, size_t at)
{
	while (at > 0 && e->text.p[at - 1] != '\n') at--;
	return at;
}

static size_t line_end(const struct oc_term_edit *e, size_t at)
{
	while (at < e->text.n && e->text.p[at] != '\n') at++;
	return at;
}

static bool space_at(const struct oc_term_edit *e, size_t at)
{
	return oc_is_space(e->text.p[at]);
}

static size_t word_start(const struct oc_term_edit *e, size_t at)
{
	while (at > 0 && space_at(e, at - 1)) at--;
	while (at > 0 && !space_at(e, at - 1)) at--;
	return at;
}

static size_t word_end(const struct oc_term_edit *e, size_t at)
{
	while (at < e->text.n && space_at(e, at)) at++;
	while (at < e->text.n && !space_at(e, at)) at++;
	return at;
}

/* ---- changes ---- */

static void cut(struct oc_term_edit *e, size_t from, size_t to, bool keep)
{
	if (from >= to) return;
	if (keep) {
		free(e->killed);
		e->killed = oc_strndup(e->text.p + from, to - from);
	}
	memmove(e->text.p + from, e->text.p + to, e->text.n - to + 1);
	e->text.n -= to - from;
	e->cursor = from;
}

void oc_term_edit_set(struct oc_term_edit *e, struct oc_str text)
{
	char *copy = oc_strndup(text.p ? text.p : "", text.n); /* it may be our own */

	oc_buf_clear(&e->text);
	oc_utf8_clean((struct oc_str){ copy, text.n }, &e->text);
	e->cursor = e->text.n;
	free(copy);
}

static bool may_stand(uint32_t cp)
{
	return cp == '\n' || cp == '\t' || (cp >= ' ' && cp != 0x7F && !(cp >= 0x80 && cp < 0xA0));
}

void oc_term_edit_insert(struct oc_term_edit *e, struct oc_str text)
{
	struct oc_buf whole;
	struct oc_str tail = oc_str_from(view(e), e->cursor);
	size_t end;

	oc_buf_init(&whole, e->text.max);
	oc_buf_add(&whole, oc_str_head(view(e), e->cursor));
	while (text.n) {
		uint32_t cp;
		size_t n = oc_utf8_next(text, &cp);
		if (may_stand(cp)) oc_utf8_put(&whole, cp);
		text = oc_str_from(text, n);
	}
	end = whole.n;
	oc_buf_add(&whole, tail);
	if (whole.bad) { /* too much: what was there stays */
		oc_buf_deinit(&whole);
		return;
	}
	oc_buf_deinit(&e->text);
	e->text = whole;
	e->cursor = end;
}

void oc_term_edit_backspace(struct oc_term_edit *e)
{
	cut(e, before(e, e->cursor), e->cursor, false);
}

void oc_term_edit_delete(struct oc_term_edit *e)
{
	cut(e, e->cursor, after(e, e->cursor), false);
}

void oc_term_edit_delete_word(struct oc_term_edit *e)
{
	cut(e, word_start(e, e->cursor), e->cursor, true);
}

void oc_term_edit_kill_to_end(struct oc_term_edit *e)
{
	cut(e, e->cursor, line_end(e, e->cursor), true);
}

void oc_term_edit_kill_to_start(struct oc_term_edit *e)
{
	cut(e, line_start(e, e->cursor), e->cursor, true);
}

void oc_term_edit_yank(struct oc_term_edit *e)
{
	if (e->killed) oc_term_edit_insert(e, oc_str(e->killed));
}

bool oc_term_edit_continue(struct oc_term_edit *e)
{
	if (!e->cursor || e->cursor != e->text.n || e->text.p[e->cursor - 1] != '\\') return false;
	cut(e, e->cursor - 1, e->cursor, false);
	oc_term_edit_insert(e, OC_LIT("\n"));
	return true;
}

/* ---- moves ---- */

void oc_term_edit_left(struct oc_term_edit *e)
{
	e->cursor = before(e, e->cursor);
}

void oc_term_edit_right(struct oc_term_edit *e)
{
	e->cursor = after(e, e->cursor);
}

void oc_term_edit_word_left(struct oc_term_edit *e)
{
	e->cursor = word_start(e, e->cursor);
}

void oc_term_edit_word_right(struct oc_term_edit *e)
{
	e->cursor = word_end(e, e->cursor);
}

void oc_term_edit_home(struct oc_term_edit *e)
{
	e->cursor = line_start(e, e->cursor);
}

void oc_term_edit_end(struct oc_term_edit *e)
{
	e->cursor = line_end(e, e->cursor);
}

/* The place in the line from `start` that is `width` columns in. */
static size_t at_column(const struct oc_term_edit *e, size_t start, size_t width)
{
	size_t end = line_end(e, start), at = start;

	while (at < end && oc_utf8_width((struct oc_str){ e->text.p + start, at - start }) < width)
		at = after(e, at);
	return at;
}

static size_t column_of(const struct oc_term_edit *e)
{
	size_t start = line_start(e, e->cursor);

	return oc_utf8_width((struct oc_str){ e->text.p + start, e->cursor - start });
}

static void show_history(struct oc_term_edit *e, size_t at)
{
	if (e->at == e->history.n) {
		free(e->draft);
		e->draft = oc_strdup(oc_buf_cstr(&e->text));
	}
	e->at = at;
	oc_term_edit_set(e, oc_str(at < e->history.n ? e->history.v[at] : e->draft));
}

void oc_term_edit_up(struct oc_term_edit *e)
{
	size_t start = e->text.n ? line_start(e, e->cursor) : 0;

	if (start > 0)
		e->cursor = at_column(e, line_start(e, start - 1), column_of(e));
	else if (e->at > 0)
		show_history(e, e->at - 1);
}

void oc_term_edit_down(struct oc_term_edit *e)
{
	size_t end = line_end(e, e->cursor);

	if (end < e->text.n)
		e->cursor = at_column(e, end + 1, column_of(e));
	else if (e->at < e->history.n)
		show_history(e, e->at + 1);
}

char *oc_term_edit_take(struct oc_term_edit *e)
{
	char *text = oc_strdup(oc_buf_cstr(&e->text));
	bool again = e->history.n && !strcmp(e->history.v[e->history.n - 1], text);

	if (!again && oc_str_trim(oc_str(text)).n) oc_strv_add(&e->history, oc_str(text));
	if (e->history.n > MAX_HISTORY) {
		free(e->history.v[0]);
		memmove(e->history.v, e->history.v + 1, e->history.n * sizeof *e->history.v);
		e->history.n--;
	}
	e->at = e->history.n;
	free(e->draft);
	e->draft = NULL;
	oc_buf_clear(&e->text);
	e->cursor = 0;
	return text;
}

/* ---- rows ---- */

struct layout {
	struct oc_strv *rows;
	struct oc_buf line;
	size_t width, columns;
	struct oc_str more;
};

static void end_row(struct layout *l)
{
	oc_strv_add(l->rows, oc_buf_view(&l->line));
	oc_buf_clear(&l->line);
	oc_buf_add(&l->line, l->more);
	l->width = oc_utf8_width(l->more);
}

void oc_term_edit_layout(const struct oc_term_edit *e, struct oc_str first, struct oc_str more,
			 size_t columns, struct oc_strv *rows, size_t *row, size_t *column)
{
	struct layout l = { .rows = rows, .columns = columns, .more = more };
	struct oc_str s = view(e);
	size_t base = rows->n;

	oc_buf_init(&l.line, 1 << 16);
	oc_buf_add(&l.line, first);
	l.width = oc_utf8_width(first);
	*row = 0;
	*column = l.width;
	for (size_t at = 0; at < s.n;) {
		size_t next = after(e, at);
		struct oc_str c = { s.p + at, next - at };
		bool newline = c.p[0] == '\n', tab = c.p[0] == '\t';
		size_t w = newline ? 0 : tab ? 1 : oc_utf8_width(c);

		if (l.width + w > columns) end_row(&l);
		if (at == e->cursor) *row = rows->n - base, *column = l.width;
		if (newline)
			end_row(&l);
		else
			oc_buf_add(&l.line, tab ? OC_LIT(" ") : c);
		l.width += w;
		at = next;
	}
	if (l.width >= columns) end_row(&l);
	if (e->cursor == s.n) *row = rows->n - base, *column = l.width;
	oc_strv_add(rows, oc_buf_view(&l.line));
	oc_buf_deinit(&l.line);
}
