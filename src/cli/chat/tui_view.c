/* A chat as rows. */
#include "cli/chat/tui_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "cli/print.h"
#include "cli/sessions/sessions_export.h"

enum { MAX_ROWS = 1 << 26, MAX_TEXT = 1 << 26, KEPT_SEGMENTS = 64, GIST = 160, DETAIL_LINES = 20 };

void oc_tui_view_init(struct oc_tui_view *v)
{
	*v = (struct oc_tui_view){ .columns = 80 };
	oc_buf_init(&v->rows, MAX_ROWS);
	oc_buf_init(&v->held, MAX_TEXT);
}

static void free_segment(struct oc_tui_segment *s)
{
	free(s->run);
	oc_buf_deinit(&s->text);
}

void oc_tui_view_deinit(struct oc_tui_view *v)
{
	oc_buf_deinit(&v->rows);
	oc_buf_deinit(&v->held);
	oc_term_markdown_free(v->open);
	for (size_t i = 0; i < v->n_segments; i++) free_segment(&v->segments[i]);
	free(v->segments);
	oc_strv_deinit(&v->tools_started);
	oc_strv_deinit(&v->tools_ended);
	free(v->tool_line);
}

void oc_tui_view_resize(struct oc_tui_view *v, size_t columns)
{
	v->columns = columns;
	if (v->open) oc_term_markdown_resize(v->open, columns);
}

/* ---- rows ---- */

static void take_row(void *arg, struct oc_str row)
{
	struct oc_tui_view *v = arg;

	oc_buf_add(&v->rows, row);
	oc_buf_addc(&v->rows, '\n');
}

static void open_block(struct oc_tui_view *v, enum oc_tui_block block)
{
	const struct oc_term_markdown_spec spec = { .columns = v->columns,
						    .colour = v->colour,
						    .dim = block == OC_TUI_THINKING,
						    .indent = "",
						    .row = take_row,
						    .arg = v };

	if (v->block == block) return;
	oc_tui_answer_end(v);
	oc_buf_adds(&v->rows, "\n");
	v->open = oc_term_markdown_new(&spec);
	v->block = block;
}

static void close_block(struct oc_tui_view *v)
{
	if (!v->open) return;
	oc_term_markdown_end(v->open);
	oc_term_markdown_free(v->open);
	v->open = NULL;
	v->block = OC_TUI_NOTHING;
}

/* One text of its own, wrapped. */
static void add_text(struct oc_tui_view *v, const char *first, const char *indent,
		     struct oc_str text, bool plain, bool dim)
{
	const struct oc_term_markdown_spec spec = { .columns = v->columns,
						    .colour = v->colour,
						    .plain = plain,
						    .dim = dim,
						    .first = first,
						    .indent = indent,
						    .row = take_row,
						    .arg = v };
	struct oc_term_markdown *m = oc_term_markdown_new(&spec);

	oc_term_markdown_feed(m, text);
	oc_term_markdown_end(m);
	oc_term_markdown_free(m);
}

static void add_styled_line(struct oc_tui_view *v, const char *code, const char *text)
{
	struct oc_buf line;

	oc_buf_init(&line, MAX_TEXT);
	if (v->colour) oc_buf_adds(&line, code);
	add_text(v, oc_buf_cstr(&line), "", oc_str(text), true, false);
	if (v->colour && v->rows.n) { /* the code ends with its last row */
		v->rows.n--;
		oc_buf_adds(&v->rows, "\033[0m\n");
	}
	oc_buf_deinit(&line);
}

void oc_tui_note(struct oc_tui_view *v, const char *text)
{
	if (v->plain) {
		oc_visible_printf(stderr, "%s\n", text);
		return;
	}
	oc_tui_answer_end(v);
	add_styled_line(v, "\033[2m", text);
}

void oc_tui_error(struct oc_tui_view *v, const char *text)
{
	oc_tui_answer_end(v);
	if (v->plain) {
		oc_visible_printf(stderr, "error: %s\n", text);
		return;
	}
	oc_buf_adds(&v->rows, "\n");
	add_styled_line(v, "\033[31m", text);
}

void oc_tui_user(struct oc_tui_view *v, struct oc_str text)
{
	if (v->plain) return;
	oc_tui_answer_end(v);
	oc_buf_adds(&v->rows, "\n");
	add_text(v, v->colour ? "\033[1;36m› \033[0m" : "> ", "  ", oc_str_trim(text), true, false);
}

/* ---- answers ---- */

static struct oc_tui_segment *current(struct oc_tui_view *v, const char *run)
{
	struct oc_tui_segment *s = v->n_segments ? &v->segments[v->n_segments - 1] : NULL;

	return s && v->segment_open && !strcmp(s->run, run) ? s : NULL;
}

static struct oc_tui_segment *new_segment(struct oc_tui_view *v, const char *run)
{
	if (v->n_segments == KEPT_SEGMENTS) {
		free_segment(&v->segments[0]);
		memmove(v->segments, v->segments + 1, --v->n_segments * sizeof *v->segments);
	}
	v->segments = oc_realloc_array(v->segments, v->n_segments + 1, sizeof *v->segments);
	struct oc_tui_segment *s = &v->segments[v->n_segments++];
	*s = (struct oc_tui_segment){ .run = oc_strdup(run) };
	oc_buf_init(&s->text, MAX_TEXT);
	v->segment_open = true;
	return s;
}

/* Into a pipe white space waits: an answer ends with one line end. */
static void print_plain(struct oc_tui_view *v, struct oc_str delta)
{
	size_t n = delta.n;

	while (n && oc_is_space(delta.p[n - 1])) n--;
	if (n) {
		if (v->began) oc_print_delta(oc_buf_view(&v->held));
		while (!v->began && n && oc_is_space(delta.p[0]))
			delta = oc_str_from(delta, 1), n--;
		oc_print_delta(oc_str_head(delta, n));
		oc_buf_clear(&v->held);
		v->began = true;
	}
	oc_buf_add(&v->held, oc_str_from(delta, n));
	fflush(stdout);
}

static void show(struct oc_tui_view *v, struct oc_tui_segment *s, struct oc_str delta)
{
	if (!s->text.n) /* no empty rows before an answer */
		while (delta.n && oc_is_space(delta.p[0])) {
			oc_buf_addc(&s->text, delta.p[0]);
			delta = oc_str_from(delta, 1);
		}
	if (!delta.n) return;
	oc_buf_add(&s->text, delta);
	if (v->plain) {
		print_plain(v, delta);
		return;
	}
	bool open = v->segment_open;
	open_block(v, OC_TUI_ANSWER);
	v->segment_open = open;
	oc_term_markdown_feed(v->open, delta);
}

void oc_tui_answer_more(struct oc_tui_view *v, const char *run, struct oc_str delta)
{
	struct oc_tui_segment *s = current(v, run);

	if (!s) {
		oc_tui_answer_end(v);
		s = new_segment(v, run);
	}
	show(v, s, delta);
}

void oc_tui_answer(struct oc_tui_view *v, const char *run, struct oc_str so_far)
{
	struct oc_tui_segment *s = current(v, run);

	if (!so_far.n) return;
	if (s && oc_str_starts(oc_buf_view(&s->text), so_far)) return;
	if (s && !oc_str_starts(so_far, oc_buf_view(&s->text))) {
		oc_tui_answer_end(v);
		s = NULL;
	}
	if (!s) {
		oc_tui_answer_end(v);
		s = new_segment(v, run);
	}
	show(v, s, oc_str_from(so_far, s->text.n));
}

void oc_tui_answer_again(struct oc_tui_view *v, const char *run, struct oc_str whole)
{
	struct oc_str text = oc_str_trim(whole);

	for (size_t i = v->n_segments; run && i > 0; i--) {
		struct oc_tui_segment *s = &v->segments[i - 1];
		struct oc_str shown = oc_str_trim(oc_buf_view(&s->text));
		if (strcmp(s->run, run) != 0) continue;
		if (oc_str_eq(shown, text)) return;
		if (i != v->n_segments || !shown.n || !oc_str_starts(text, shown)) continue;
		show(v, s, oc_str_from(text, shown.n)); /* the connection broke in its middle */
		oc_tui_answer_end(v);
		return;
	}
	oc_tui_answer_more(v, run ? run : "", text);
	oc_tui_answer_end(v);
}

void oc_tui_answer_end(struct oc_tui_view *v)
{
	v->segment_open = false;
	close_block(v);
	if (v->plain && v->began) {
		putchar('\n');
		fflush(stdout);
	}
	v->began = false;
	oc_buf_clear(&v->held);
}

void oc_tui_thinking(struct oc_tui_view *v, struct oc_str delta)
{
	if (v->plain || !v->show_thinking || !delta.n) return;
	open_block(v, OC_TUI_THINKING);
	oc_term_markdown_feed(v->open, delta);
}

/* ---- tools ---- */

/* The argument that tells most. */
static void add_gist(const json_t *args, struct oc_buf *out)
{
	static const char *const names[] = {
		"command", "path", "cmd", "file_path", "url", "query"
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct oc_str v = oc_json_str(args, names[i]);
		if (!v.n) continue;
		oc_visible_add(out, v, GIST);
		return;
	}
	char *text = json_object_size(args) ? oc_json_compact(args) : NULL;
	if (text) oc_visible_add(out, oc_str(text), GIST);
	free(text);
}

static char *tool_text(const char *name, const json_t *args)
{
	struct oc_buf line;

	oc_buf_init(&line, 4096);
	oc_visible_add(&line, oc_str(name ? name : "tool"), 60);
	oc_buf_addc(&line, ' ');
	add_gist(args, &line);
	return oc_buf_take(&line);
}

void oc_tui_tool_start(struct oc_tui_view *v, const char *id, const char *name, const json_t *args)
{
	if (v->plain || oc_strv_has(&v->tools_started, oc_str(id))) return;
	oc_strv_add(&v->tools_started, oc_str(id));
	oc_tui_answer_end(v);
	free(v->tool_line);
	v->tool_line = tool_text(name, args);
}

static void add_details(struct oc_tui_view *v, struct oc_str text)
{
	for (int i = 0; i < DETAIL_LINES && text.n; i++) {
		size_t at = oc_str_find(text, OC_LIT("\n"), 0);
		add_text(v, "    ", "    ", oc_str_head(text, at), true, true);
		text = at == SIZE_MAX ? OC_LIT("") : oc_str_from(text, at + 1);
	}
	if (text.n) add_text(v, "    ", "    ", OC_LIT("…"), true, true);
}

/* As much of text as fits into width columns, "…" where it does not. */
static void add_fitting(struct oc_str text, size_t width, struct oc_buf *out)
{
	size_t used = 0;

	while (text.n) {
		uint32_t cp;
		size_t n = oc_utf8_next(text, &cp);
		used += oc_utf8_width(oc_str_head(text, n));
		if (used >= width) {
			oc_buf_adds(out, "…");
			return;
		}
		oc_buf_add(out, oc_str_head(text, n));
		text = oc_str_from(text, n);
	}
}

/* " (exit 0, 426 ms)". */
static void add_numbers(const json_t *details, struct oc_buf *out)
{
	const json_t *code = json_object_get(details, "exitCode");
	int64_t ms = oc_json_positive(details, "durationMs");

	if (json_is_integer(code))
		oc_buf_addf(out, " (exit %lld%s", (long long)json_integer_value(code),
			    ms ? "" : ")");
	if (ms) oc_buf_addf(out, "%s%lld ms)", json_is_integer(code) ? ", " : " (", (long long)ms);
}

/* What was called, the first line of what came of it, and the numbers, in one row. */
static void add_tool_row(const struct oc_tui_view *v, const char *gist, struct oc_str text,
			 const json_t *details, struct oc_buf *row)
{
	struct oc_buf numbers, first;
	size_t room = v->columns > 20 ? v->columns - 2 : 18, width;

	oc_buf_init(&numbers, 256);
	oc_buf_init(&first, 4096);
	add_numbers(details, &numbers);
	oc_visible_add(&first, oc_str_head(text, oc_str_find(text, OC_LIT("\n"), 0)), GIST);
	width = oc_utf8_width(oc_buf_view(&numbers));
	room = room > width + 10 ? room - width : 10;
	width = oc_utf8_width(oc_str(gist));
	add_fitting(oc_str(gist), first.n && width > room * 2 / 3 ? room * 2 / 3 : room, row);
	width = oc_utf8_width(oc_buf_view(row));
	if (first.n && width + 6 < room) {
		oc_buf_adds(row, " → ");
		add_fitting(oc_buf_view(&first), room - width - 3, row);
	}
	oc_buf_add(row, oc_buf_view(&numbers));
	oc_buf_deinit(&numbers);
	oc_buf_deinit(&first);
}

void oc_tui_tool_end(struct oc_tui_view *v, const char *id, const char *name, const json_t *args,
		     const json_t *result, bool is_error)
{
	struct oc_buf line, text;
	char *gist;

	if (v->plain || oc_strv_has(&v->tools_ended, oc_str(id))) return;
	oc_strv_add(&v->tools_ended, oc_str(id));
	oc_tui_answer_end(v);
	gist = v->tool_line ? v->tool_line : tool_text(name, args);
	v->tool_line = NULL;
	oc_buf_init(&line, 8192);
	oc_buf_init(&text, MAX_TEXT);
	oc_message_text(result, &text);
	struct oc_str shown = oc_str_trim(oc_buf_view(&text));
	oc_buf_adds(&line, is_error ? "✗ " : "✓ ");
	add_tool_row(v, gist, shown, json_object_get(result, "details"), &line);
	add_styled_line(v, is_error ? "\033[31m" : "\033[35m", oc_buf_cstr(&line));
	if (v->show_tools) add_details(v, shown);
	free(gist);
	oc_buf_deinit(&line);
	oc_buf_deinit(&text);
}

/* ---- history ---- */

static void add_calls_and_thoughts(struct oc_tui_view *v, const json_t *message)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(message, "content"), i, part) {
		const char *type = oc_json_cstr(part, "type"), *id = oc_json_cstr(part, "id");
		if (type && !strcmp(type, "thinking")) {
			oc_tui_thinking(v, oc_json_str(part, "thinking"));
		} else if (type && !strcmp(type, "toolCall") && id)
			oc_tui_tool_start(v, id, oc_json_cstr(part, "name"),
					  json_object_get(part, "arguments"));
	}
}

void oc_tui_message(struct oc_tui_view *v, const json_t *message)
{
	const char *role = oc_json_cstr(message, "role");
	const char *run = oc_json_cstr(json_object_get(message, "__openclaw"), "runId");
	const char *error = oc_json_cstr(message, "errorMessage");
	struct oc_buf text;

	if (!role) return;
	oc_buf_init(&text, MAX_TEXT);
	oc_message_text(message, &text);
	if (!strcmp(role, "user"))
		oc_tui_user(v, oc_buf_view(&text));
	else if (!strcmp(role, "assistant")) {
		if (oc_str_trim(oc_buf_view(&text)).n)
			oc_tui_answer_again(v, run, oc_buf_view(&text));
		add_calls_and_thoughts(v, message);
		if (error) oc_tui_error(v, error);
	} else if (!strcmp(role, "toolResult")) {
		const char *id = oc_json_cstr(message, "toolCallId");
		oc_tui_tool_end(v, id ? id : "", oc_json_cstr(message, "toolName"), NULL, message,
				oc_json_bool(message, "isError", false));
	}
	oc_buf_deinit(&text);
}

void oc_tui_view_rest(const struct oc_tui_view *v, struct oc_strv *live)
{
	struct oc_buf row;

	oc_buf_init(&row, MAX_TEXT);
	if (v->open) {
		oc_term_markdown_rest(v->open, &row);
		if (row.n) oc_strv_add(live, oc_buf_view(&row));
	}
	oc_buf_clear(&row);
	if (v->tool_line) {
		oc_buf_addf(&row, "%s… %s%s", v->colour ? "\033[35m" : "", v->tool_line,
			    v->colour ? "\033[0m" : "");
		oc_strv_add(live, oc_buf_view(&row));
	}
	oc_buf_deinit(&row);
}
