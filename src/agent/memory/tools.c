/*
 * The tools memory_search and memory_get. What they give is text of the person's own files, as with
 * read. Troubles of the index are told to the log and by `memory status`; the model is told what it
 * can do about them.
 */
#include <stdlib.h>

#include "agent/memory/excerpt.h"
#include "agent/memory/memory.h"
#include "base/utf8.h"
#include "tool/tool.h"

enum {
	RESULT_BYTES = 2500,
	HEAD_BYTES = 120, /* number, path and score of a hit, about */
	LEAST_EXCERPT = 120,
	GET_LINES = 120,
	MAX_GET_LINES = 2000,
	GET_BYTES = 12000,
};

static const struct oc_memory_scope *scope_of(const struct oc_tool_context *ctx, struct oc_err *e)
{
	if (!ctx->memory) oc_fail(e, OC_E_DENIED, "this run has no memory");
	return ctx->memory;
}

/* ---- memory_search ---- */

static size_t excerpt_room(size_t n)
{
	size_t each = n ? RESULT_BYTES / n : RESULT_BYTES;

	each = each > HEAD_BYTES + LEAST_EXCERPT ? each - HEAD_BYTES : LEAST_EXCERPT;
	return each < OC_MEMORY_EXCERPT_BYTES ? each : OC_MEMORY_EXCERPT_BYTES;
}

static void add_hit(const struct oc_memory_found *f, size_t i, struct oc_buf *out)
{
	const struct oc_memory_hit *h = &f->hits.v[f->v[i].hit];

	oc_buf_addf(out, "%s%zu. %s:%lld", i ? "\n" : "", i + 1, h->path, (long long)h->first_line);
	if (h->last_line > h->first_line) oc_buf_addf(out, "-%lld", (long long)h->last_line);
	oc_buf_addf(out, " (%.2f)\n", f->v[i].score);
	oc_memory_excerpt(oc_str(h->text), &f->terms, excerpt_room(f->n), out);
	oc_buf_addc(out, '\n');
}

static enum oc_rc say_none_wait(struct oc_notebook *m, struct oc_buf *out, struct oc_err *e)
{
	struct oc_memory_counts counts;
	enum oc_rc rc = oc_memory_index_counts_wait(m->index, &counts, e);

	if (rc) return rc;
	if (counts.notes)
		oc_buf_addf(out, "nothing found in %lld notes", (long long)counts.notes);
	else
		oc_buf_adds(out, "there are no notes yet: write what is worth keeping to MEMORY.md "
				 "or memory/YYYY-MM-DD.md");
	oc_memory_counts_deinit(&counts);
	return OC_OK;
}

static enum oc_rc look_up_wait(struct oc_notebook *m, const struct oc_memory_ask *ask,
			       struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_memory_found found = { 0 };
	enum oc_rc rc = oc_memory_search_fresh_wait(m, ask, &found, e);

	for (size_t i = 0; !rc && i < found.n; i++) add_hit(&found, i, &out->text);
	if (!rc && !found.n) rc = say_none_wait(m, &out->text, e);
	while (out->text.n && out->text.p[out->text.n - 1] == '\n')
		out->text.p[--out->text.n] = '\0';
	oc_memory_found_deinit(&found);
	return rc;
}

static size_t wanted_results(const json_t *args)
{
	enum { MOST = 20 };
	int64_t max = oc_json_positive(args, "max_results");

	if (!max) max = oc_json_positive(args, "maxResults");
	return max > MOST ? MOST : (size_t)max;
}

static enum oc_rc search_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_memory_scope *scope = scope_of(ctx, e);
	const json_t *min = json_object_get(args, "minScore");
	struct oc_memory_ask ask = { .question = oc_json_str(args, "query"),
				     .max = wanted_results(args),
				     .min_score = min ? json_number_value(min) : -1 };
	struct oc_notebook m;
	enum oc_rc rc;

	if (!scope) return OC_E_DENIED;
	if (!oc_str_trim(ask.question).n) return oc_fail(e, OC_E_INPUT, "query is empty");
	rc = oc_memory_open_wait(&m, scope, e);
	if (!rc) rc = look_up_wait(&m, &ask, out, e);
	oc_memory_close_wait(&m);
	return rc;
}

/* ---- memory_get ---- */

struct window {
	int64_t from, lines;
};

/* "memory/a.md:14-22", as memory_search shows it, names lines as well. */
static struct oc_str without_lines(struct oc_str path, struct window *w)
{
	size_t colon = path.n;
	int64_t first, last;

	while (colon > 0 && path.p[colon - 1] != ':') colon--;
	if (colon < 2) return path;
	struct oc_str tail = oc_str_from(path, colon);
	size_t dash = oc_str_find(tail, OC_LIT("-"), 0);
	if (!oc_parse_int(oc_str_head(tail, dash), 1, INT32_MAX, &first)) return path;
	if (dash == SIZE_MAX)
		last = first;
	else if (!oc_parse_int(oc_str_from(tail, dash + 1), first, INT32_MAX, &last))
		return path;
	if (!w->from) w->from = first;
	if (!w->lines) w->lines = last - first + 1;
	return oc_str_head(path, colon - 1);
}

static void add_lines(struct oc_str text, const struct window *w, struct oc_buf *out)
{
	struct oc_str rest = text;
	int64_t line_no = 0, shown = 0;

	while (rest.n) {
		size_t lf = oc_str_find(rest, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_head(rest, lf == SIZE_MAX ? rest.n : lf + 1);
		bool fits = shown < w->lines && out->n + line.n <= GET_BYTES;

		line_no++;
		if (line_no >= w->from && !fits && !shown) {
			line.n = oc_utf8_floor(line.p, GET_BYTES);
			fits = true;
		}
		if (line_no >= w->from && !fits) {
			oc_buf_addf(out, "[continue with from=%lld]", (long long)line_no);
			return;
		}
		rest = oc_str_from(rest, lf == SIZE_MAX ? rest.n : lf + 1);
		if (line_no < w->from) continue;
		oc_buf_add(out, line);
		shown++;
	}
	if (!text.n)
		oc_buf_adds(out, "(empty file)");
	else if (!shown)
		oc_buf_addf(out, "[the note has %lld lines]", (long long)line_no);
}

struct reading {
	const struct oc_memory_places *places;
	struct oc_str path;
	struct oc_buf text;
	enum oc_rc rc;
	struct oc_err *e;
};

static void read_work(void *arg)
{
	struct reading *r = arg;
	char *real;

	r->rc = oc_memory_file_locate(r->places, r->path, &real, r->e);
	if (r->rc) return;
	r->rc = oc_memory_file_text(real, &r->text, r->e);
	free(real);
}

static enum oc_rc get_wait(struct oc_tool_context *ctx, const json_t *args,
			   struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_memory_scope *scope = scope_of(ctx, e);
	struct window w = { oc_json_positive(args, "from"), oc_json_positive(args, "lines") };
	struct oc_memory_settings settings;

	if (!scope) return OC_E_DENIED;
	oc_memory_settings_init(&settings, scope);
	struct reading r = { .places = &settings.places,
			     .path = without_lines(oc_json_str(args, "path"), &w),
			     .e = e };
	if (!w.from) w.from = 1;
	if (!w.lines) w.lines = GET_LINES;
	if (w.lines > MAX_GET_LINES) w.lines = MAX_GET_LINES;
	oc_work_wait(read_work, &r);
	if (!r.rc) {
		add_lines(oc_buf_view(&r.text), &w, &out->text);
		oc_buf_deinit(&r.text);
	}
	oc_memory_settings_deinit(&settings);
	return r.rc;
}

/* ---- rows ---- */

static const struct oc_tool rows[] = {
	{ .name = "memory_search",
	  .schema =
	      "{\"name\":\"memory_search\",\"description\":\"Search long-term memory and past notes. Use before answering about earlier work, people, dates or preferences.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\"},"
	      "\"max_results\":{\"type\":\"integer\"}},\"required\":[\"query\"]}}",
	  .unlisted = "{\"maxResults\":{\"type\":\"integer\"},\"minScore\":{\"type\":\"number\"},"
		      "\"corpus\":{\"type\":\"string\"}}",
	  .example = "{\"query\":\"birthday of Anna\"}",
	  .run_wait = search_wait },
	{ .name = "memory_get",
	  .schema =
	      "{\"name\":\"memory_get\",\"description\":\"Read lines of a note that memory_search found.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"
	      "\"from\":{\"type\":\"integer\",\"description\":\"first line, 1-based\"},"
	      "\"lines\":{\"type\":\"integer\"}},\"required\":[\"path\"]}}",
	  .unlisted = "{\"corpus\":{\"type\":\"string\"}}",
	  .example = "{\"path\":\"memory/2026-11-02.md\",\"from\":14}",
	  .deferred = "read lines of a note that memory_search found",
	  .run_wait = get_wait },
};

void oc_memory_tools_register(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) oc_tool_register(&rows[i]);
}
