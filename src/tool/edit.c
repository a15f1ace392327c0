/*
 * edit: replaces a piece of text that must be found exactly, once. When it is not found, the lines
 * that are most like it are shown, because what a model remembers of a file is nearly right.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "tool/internal.h"

enum { MAX_CLOSEST = 3, MIN_LIKENESS = 40, MAX_SHOWN = 200, MAX_SCANNED = 20000, MAX_PLACES = 10 };

struct close_line {
	size_t number;
	unsigned likeness;
	struct oc_str text;
};

static size_t count(struct oc_str text, struct oc_str piece)
{
	size_t n = 0;

	for (size_t at = 0; (at = oc_str_find(text, piece, at)) != SIZE_MAX; at += piece.n) n++;
	return n;
}

static void replace(struct oc_str text, struct oc_str old, struct oc_str new, struct oc_buf *out)
{
	size_t from = 0;

	for (size_t at; (at = oc_str_find(text, old, from)) != SIZE_MAX; from = at + old.n) {
		oc_buf_add(out, (struct oc_str){ text.p + from, at - from });
		oc_buf_add(out, new);
	}
	oc_buf_add(out, oc_str_from(text, from));
}

static void with_crlf(struct oc_str s, struct oc_buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r')) oc_buf_addc(out, '\r');
		oc_buf_addc(out, s.p[i]);
	}
}

/* ---- what to say when it does not apply ---- */

/* First line of s that is not blank, without the space around it. */
static struct oc_str first_words(struct oc_str s)
{
	s = oc_str_trim(s);
	return oc_str_trim(oc_str_head(s, oc_str_find(s, OC_LIT("\n"), 0)));
}

static void remember_if_closer(struct close_line *best, struct close_line found)
{
	size_t at = MAX_CLOSEST;

	while (at > 0 && found.likeness > best[at - 1].likeness) at--;
	if (at == MAX_CLOSEST) return;
	memmove(best + at + 1, best + at, (MAX_CLOSEST - 1 - at) * sizeof *best);
	best[at] = found;
}

static void add_closest(struct oc_tool_result *out, struct oc_str text, struct oc_str old)
{
	struct close_line best[MAX_CLOSEST] = { 0 };
	struct oc_str wanted = first_words(old), rest = text;

	for (size_t number = 1; rest.n && number <= MAX_SCANNED; number++) {
		struct oc_str line = oc_str_head(rest, oc_str_find(rest, OC_LIT("\n"), 0));
		unsigned likeness = oc_text_similarity(oc_str_trim(line), wanted);

		if (likeness >= MIN_LIKENESS)
			remember_if_closer(best, (struct close_line){ number, likeness, line });
		rest = oc_str_from(rest, line.n + 1);
	}
	if (best[0].likeness) oc_buf_adds(&out->text, "\nClosest lines:");
	for (size_t i = 0; i < MAX_CLOSEST && best[i].likeness; i++) {
		oc_buf_addf(&out->text, "\n%zu (%u %%): ", best[i].number, best[i].likeness);
		oc_visible_add(&out->text, best[i].text, MAX_SHOWN);
	}
}

static void say_missing(const char *shown, struct oc_str text, struct oc_str old,
			struct oc_tool_result *out)
{
	oc_tool_result_fail(
	    out,
	    "old does not occur in %s; it must match exactly, white space included. "
	    "read the file and copy the text.",
	    shown);
	add_closest(out, text, old);
}

static void say_ambiguous(const char *shown, struct oc_str text, struct oc_str old, size_t n,
			  struct oc_tool_result *out)
{
	size_t line = 1, from = 0;

	oc_tool_result_fail(
	    out,
	    "old occurs %zu times in %s; add lines around it until it is unique, or "
	    "set all=true. It is at line",
	    n, shown);
	for (size_t i = 0; i < n && i < MAX_PLACES; i++) {
		size_t at = oc_str_find(text, old, from + (i > 0 ? old.n : 0));

		for (; from < at; from++) line += text.p[from] == '\n';
		oc_buf_addf(&out->text, "%s %zu", i ? "," : "", line);
	}
}

/* ---- the edit ---- */

static enum oc_rc store(const struct oc_place *place, const char *shown, struct oc_str text,
			struct oc_str old, struct oc_str new, size_t n, struct oc_tool_result *out,
			struct oc_err *e)
{
	struct oc_buf changed;
	enum oc_rc rc;

	oc_buf_init(&changed, OC_MAX_TOOL_FILE_BYTES);
	replace(text, old, new, &changed);
	if (changed.bad)
		rc = oc_fail(e, OC_E_LIMIT, "the file would grow beyond %d bytes",
			     OC_MAX_TOOL_FILE_BYTES);
	else
		rc = oc_place_write(place, oc_buf_view(&changed), NULL, e);
	if (!rc)
		oc_buf_addf(&out->text, "replaced %zu occurrence%s in %s (%zu bytes now)", n,
			    n == 1 ? "" : "s", shown, changed.n);
	oc_buf_deinit(&changed);
	return rc;
}

static enum oc_rc apply(const struct oc_place *place, const char *shown, struct oc_str text,
			struct oc_str old, struct oc_str new, bool all, struct oc_tool_result *out,
			struct oc_err *e)
{
	size_t n = count(text, old);

	if (n == 0)
		say_missing(shown, text, old, out);
	else if (n > 1 && !all)
		say_ambiguous(shown, text, old, n, out);
	else
		return store(place, shown, text, old, new, n, out, e);
	return OC_OK;
}

/* Models write LF; a file with CRLF line ends is edited in its own manner. */
static enum oc_rc apply_to_line_ends(const struct oc_place *place, const char *shown,
				     struct oc_str text, const json_t *args,
				     struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_str old = oc_json_str(args, "old"), new = oc_json_str(args, "new");
	bool all = oc_json_bool(args, "all", false);
	struct oc_buf crlf_old, crlf_new;
	enum oc_rc rc;

	oc_buf_init(&crlf_old, OC_MAX_TOOL_FILE_BYTES);
	oc_buf_init(&crlf_new, OC_MAX_TOOL_FILE_BYTES);
	with_crlf(old, &crlf_old);
	with_crlf(new, &crlf_new);
	if (oc_str_has(text, OC_LIT("\r\n")) && !oc_str_has(text, old) &&
	    oc_str_has(text, oc_buf_view(&crlf_old))) {
		old = oc_buf_view(&crlf_old);
		new = oc_buf_view(&crlf_new);
	}
	rc = apply(place, shown, text, old, new, all, out, e);
	oc_buf_deinit(&crlf_old);
	oc_buf_deinit(&crlf_new);
	return rc;
}

enum oc_rc oc_tool_edit_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_place place;
	struct oc_buf bytes;
	enum oc_rc rc;

	if (!oc_json_str(args, "old").n)
		return oc_fail(e, OC_E_INPUT, "old is empty; use write to create a file");
	if (oc_str_eq(oc_json_str(args, "old"), oc_json_str(args, "new")))
		return oc_fail(e, OC_E_INPUT, "old and new are the same, so nothing would change");
	rc = oc_workspace_open_wait(ctx, "edit", oc_json_str(args, "path"), OC_ACCESS_WRITE, false,
				    &place, e);
	if (rc) return rc;
	rc = oc_place_read(&place, OC_MAX_TOOL_FILE_BYTES, &bytes, e);
	if (!rc) {
		rc = apply_to_line_ends(&place, oc_workspace_show(ctx, place.path),
					oc_buf_view(&bytes), args, out, e);
		oc_buf_deinit(&bytes);
	}
	oc_place_close(&place);
	return rc;
}
