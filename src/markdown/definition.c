/* Addresses that are defined on a line of their own, "[name]: https://…": pieces of a text are
 * parsed without each other, so each gets those of all. */
#include "base/limits.h"
#include "markdown/internal.h"
#include "markdown/markdown.h"
#include "markdown/split.h"

static bool is_label(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '[' || s.p[i] == ']' || s.p[i] == '\\' || (unsigned char)s.p[i] < ' ')
			return false;
	return oc_str_trim(s).n > 0;
}

/* "title", or nothing. */
static bool is_title(struct oc_str s)
{
	if (!s.n) return true;
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"') return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\' || (unsigned char)s.p[i] < ' ') return false;
	return true;
}

/* Stricter than Markdown is: a line that the parser would not take for one would be shown. */
static bool is_definition(struct oc_str line)
{
	struct oc_str t = oc_str_trim(line), rest, url;
	size_t close = oc_str_find(t, OC_LIT("]:"), 0);

	if (line.n > OC_MAX_MARKDOWN_LINE_DEFINED || oc_str_starts(line, OC_LIT("    ")))
		return false;
	if (!t.n || t.p[0] != '[' || close == SIZE_MAX) return false;
	rest = oc_str_trim(oc_str_from(t, close + 2));
	url = oc_str_head(rest, oc_str_find(rest, OC_LIT(" "), 0));
	return is_label(oc_str_head(oc_str_from(t, 1), close - 1)) && oc_md_url_ok(url) &&
	       is_title(oc_str_trim(oc_str_from(rest, url.n)));
}

void oc_definitions_find(struct oc_str piece, struct oc_buf *out)
{
	struct oc_md_split fence = { 0 };
	size_t next;

	if (!oc_str_has(piece, OC_LIT("]:"))) return;
	for (size_t at = 0; at < piece.n; at = next) {
		struct oc_str line = oc_md_line(piece, at, &next);

		oc_md_split_line(&fence, line, at);
		if (fence.fence || !is_definition(line)) continue;
		if (out->n + line.n + 1 > OC_MAX_MARKDOWN_DEFINITIONS) return;
		oc_buf_add(out, oc_str_trim(line));
		oc_buf_addc(out, '\n');
	}
}

void oc_definitions_add(struct oc_str piece, struct oc_str definitions, struct oc_buf *out)
{
	struct oc_md_split fence = { 0 };
	size_t next;

	if (!definitions.n || !memchr(piece.p, '[', piece.n)) return;
	for (size_t at = 0; at < piece.n; at = next)
		oc_md_split_line(&fence, oc_md_line(piece, at, &next), at);
	if (fence.fence) return; /* they would be code */
	oc_buf_adds(out, "\n\n");
	oc_buf_add(out, definitions);
}
