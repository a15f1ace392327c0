/*
 * The text that a tool gives to the model: cleaned, and cut once, when it comes in, so that its
 * bytes never change in a later request. The whole of a long result stays readable in a spill file.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/special.h"
#include "base/utf8.h"
#include "rt/file.h"
#include "tool/internal.h"

enum { TAIL_WINDOW = 2000, MAX_TAIL = 4000, MARKER_ROOM = 300 };

void oc_tool_result_init(struct oc_tool_result *r)
{
	*r = (struct oc_tool_result){ 0 };
	oc_buf_init(&r->text, OC_MAX_TOOL_RESULT_BYTES);
}

void oc_tool_result_deinit(struct oc_tool_result *r)
{
	oc_buf_deinit(&r->text);
	free(r->image.mime);
	free(r->image.base64);
	r->image = (struct oc_image){ 0 };
}

void oc_tool_result_fail(struct oc_tool_result *r, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0) n = 0;
	if ((size_t)n >= sizeof text) n = (int)oc_utf8_floor(text, sizeof text - 1);
	oc_buf_clear(&r->text);
	oc_buf_add(&r->text, (struct oc_str){ text, (size_t)n });
	r->is_error = true;
}

void oc_tool_result_add(struct oc_tool_result *r, struct oc_str s)
{
	size_t at = 0;

	while (at < s.n) { /* NUL is legal UTF-8, but many servers end the text there */
		const char *nul = memchr(s.p + at, '\0', s.n - at);
		size_t piece = nul ? (size_t)(nul - s.p) - at : s.n - at;

		oc_utf8_clean((struct oc_str){ s.p + at, piece }, &r->text);
		if (nul) oc_utf8_put(&r->text, 0xFFFD);
		at += piece + (nul != NULL);
	}
}

/* The end of the text tells how it went: an error, an exit code, a summary. */
static bool tail_matters(struct oc_str text)
{
	static const char *const signs[] = { "error",	  "exception", "traceback",
					     "exit code", "failed",    "fatal",
					     "panic",	  "warning",   "summary" };
	struct oc_str tail = oc_str_from(text, text.n > TAIL_WINDOW ? text.n - TAIL_WINDOW : 0);

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (oc_str_ihas(tail, signs[i])) return true;
	return oc_str_ends(oc_str_trim(tail), OC_LIT("}"));
}

/* Path of the spill file, NULL when it cannot be written. Free with free(). */
static char *spill(struct oc_tool_context *ctx, const struct oc_tool_result *r)
{
	struct oc_err e = { 0 };
	struct oc_buf text;
	char *path;

	if (!ctx->state_dir || !ctx->run_id) return NULL;
	path = oc_asprintf("%s/spill/%s/%u.txt", ctx->state_dir, ctx->run_id, ++ctx->result_no);
	oc_buf_init(&text, OC_MAX_TOOL_RESULT_BYTES + 200);
	if (r->untrusted) oc_buf_addf(&text, OC_SPILL_FOREIGN " %s %s]\n", r->untrusted, r->host);
	oc_buf_add(&text, oc_buf_view(&r->text));
	enum oc_rc rc = oc_file_write(path, oc_buf_view(&text), 0600, NULL, &e);
	oc_buf_deinit(&text);
	if (rc == OC_OK) return path;
	free(path);
	return NULL;
}

static void add_marker(struct oc_buf *out, size_t left_out, size_t total, const char *path)
{
	oc_buf_addf(out, "\n[… %zu of %zu characters left out; ", left_out, total);
	if (path)
		oc_buf_addf(out, "read %s for all of it, or ask for less …]\n", path);
	else
		oc_buf_adds(out, "ask for less …]\n");
}

void oc_tool_result_cap(struct oc_tool_context *ctx, struct oc_tool_result *r)
{
	struct oc_str whole = oc_buf_view(&r->text);
	bool asked = r->max_chars && r->max_chars < ctx->max_result_chars;
	size_t max = asked ? r->max_chars : ctx->max_result_chars, keep, tail, head;
	struct oc_buf cut;

	if (whole.n - r->own <= max) return;
	keep = r->own + (max > 2 * MARKER_ROOM ? max - MARKER_ROOM : max / 2);
	tail = tail_matters(whole) ? keep * 3 / 10 : 0;
	if (tail > MAX_TAIL) tail = MAX_TAIL;
	if (r->untrusted && r->own) tail = 0; /* a page is read from its beginning */
	head = oc_utf8_floor(whole.p, keep - tail);
	tail = whole.n - oc_utf8_floor(whole.p, whole.n - tail);

	char *path = spill(ctx, r);
	oc_buf_init(&cut, OC_MAX_TOOL_RESULT_BYTES);
	oc_buf_add(&cut, oc_str_head(whole, head));
	add_marker(&cut, whole.n - head - tail, whole.n, path);
	oc_buf_add(&cut, oc_str_from(whole, whole.n - tail));
	free(path);
	oc_buf_deinit(&r->text);
	r->text = cut;
}

void oc_tool_result_mark(struct oc_tool_result *r)
{
	char id[5];
	struct oc_buf marked;
	struct oc_str text = oc_buf_view(&r->text);

	if (!r->untrusted) return;
	oc_rand_id(id, sizeof id - 1);
	oc_buf_init(&marked, 3 * OC_MAX_TOOL_RESULT_BYTES);
	oc_mark_escape(oc_str_head(text, r->own), &marked);
	oc_buf_addf(&marked, "<<UNTRUSTED %s %s%s%s>>\n", id, r->untrusted, r->host[0] ? " " : "",
		    r->host);
	oc_mark_escape(oc_str_from(text, r->own), &marked);
	oc_buf_addf(&marked, "\n<</UNTRUSTED %s>>", id);
	oc_buf_deinit(&r->text);
	r->text = marked;
}
